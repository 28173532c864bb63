import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { RecordLandingEffects } from '../../functions/1-ingest/record-landing/record-landing.js'
import { extractStart } from '../../functions/1-ingest/start-extract/start-extract.js'
import { cleanseStart } from '../../functions/2-cleanse/start-cleanse/start-cleanse.js'
import { buildStart } from '../../functions/3-transform/start-build/start-build.js'
import { compactStart } from '../../functions/operate/plan-compaction/start-compaction.js'
import { PRIORITIES } from '../../shared/alerts/priorities.js'
import { isCancelled } from '../../shared/backfill/backfill.js'
import { buildEnd } from '../../shared/build.js'
import { announceReady, putEvents } from '../../shared/bus.js'
import { cleanseEnd } from '../../shared/cleanse.js'
import { type Clock, iso } from '../../shared/clock.js'
import { compactEnd } from '../../shared/compact-end.js'
import type { Declared } from '../../shared/declared.js'
import { type EndEffects, endUnchanged } from '../../shared/end-run.js'
import { extractEnd } from '../../shared/extract-end.js'
import type { Platform } from '../../shared/extract-platform.js'
import { goldTables, removeTable } from '../../shared/gold-tables.js'
import { jobReader, jobs } from '../../shared/jobs.js'
import type { World } from '../../shared/lane.js'
import { later } from '../../shared/later.js'
import { ledger, putAll } from '../../shared/ledger-dynamo.js'
import {
  copyObject,
  findVersion,
  listVersions,
  plans,
  putNote,
  removeFolder,
  removeObject,
  removeObjects,
  reports,
} from '../../shared/objects.js'
import type { RunKind } from '../../shared/run.js'
import { ledgerRegistry } from '../../shared/schema/registry.js'
import type { StartEffects } from '../../shared/start-run.js'
import { addPartitions } from '../../shared/tables.js'
import { stopTask, taskReader, tasks } from '../../shared/tasks.js'
import { asAsked } from './as-asked.js'
import { type Command, client, type Effect, type Gate } from './effect.js'

/** The simulated services, each as the effects of the SDK's commands. */
export type Services = Record<
  'dynamo' | 's3' | 'ecs' | 'glue' | 'bus' | 'later' | 'channel' | 'athena',
  (command: Command) => Effect
>

/** Until old files may go: short enough for the time of a seed; the invariants know the grace by themselves. */
const GRACE_SECONDS = 240
/** Files of the simulated silver are small, and the largest of them are left alone. */
const TARGET_BYTES = 1_000

/** What a deployment sets, as the template would. */
export interface Settings {
  project: Declared
  revision: number
}

type Client<F extends (...args: never[]) => unknown, N extends number> = NonNullable<Parameters<F>[N]>

/**
 * The effects of one function instance, wired as `functions/wiring.ts` wires the real ones, on clients whose calls go
 * through the gate of that instance.
 */
export function parts(services: Services, settings: Settings, gate: Gate, clock: Clock) {
  const { project, revision } = settings
  const dynamo = client<DynamoDBDocumentClient>(gate, services.dynamo)
  const table = ledger('ledger', dynamo)
  const s3 = client<Client<typeof plans, 1>>(gate, services.s3)
  const ecs = client<Client<typeof tasks, 0>>(gate, services.ecs)
  const glue = client<Client<typeof goldTables, 1>>(gate, services.glue)
  const publish = putEvents('bus', client<Client<typeof putEvents, 1>>(gate, services.bus))
  const world: World = { ledger: table, clock, announceReady: announceReady(publish) }
  const task = {
    cluster: 'cluster',
    subnets: ['subnet-1'],
    securityGroups: ['sg-1'],
    capacity: 'spot' as const,
    size: { cpu: 2_048, memory: 8_192 },
  }
  const code = {
    script: `s3://code/cleanse-${revision}.py`,
    modules: `s3://code/modules-${revision}.zip`,
    workers: 2,
  }
  const buckets = {
    silverBucket: 'silver',
    quarantineBucket: 'quarantine',
    artifactsBucket: 'artifacts',
    stage: 'dev',
  }
  const starter = {
    ...world,
    publish,
    plans: plans('artifacts', s3),
    endUnchanged: ((run, unchanged) => endUnchanged(world, run, unchanged)) as StartEffects['endUnchanged'],
  }
  const shared = { ledger: table, project, tasks: tasks(ecs), stopTask: stopTask('cluster', ecs) }
  const artifacts = reports('artifacts', s3)
  const remove = removeObject('artifacts', s3)
  const landing: RecordLandingEffects = {
    ...world,
    project,
    later: later('later', client<Client<typeof later, 1>>(gate, services.later), clock),
    findVersion: findVersion('bronze', s3),
    putNote: putNote('quarantine', s3),
  }
  const starts = asAsked<Record<RunKind, StartEffects>>({
    cleanse: () => ({
      ...starter,
      ...cleanseStart({
        ...shared,
        jobs: jobs('cleanse', code, glue),
        settings: {
          ...buckets,
          engine: 'auto',
          sparkFromBytes: 10_000,
          task: { ...task, taskDefinition: `sluice-cleanse:${revision}` },
          workerType: 'G.1X',
        },
      }),
    }),
    build: () => ({
      ...starter,
      ...buildStart({
        ...shared,
        world,
        reports: artifacts,
        settings: {
          ...buckets,
          goldBucket: 'gold',
          task: { ...task, taskDefinition: `sluice-dbt:${revision}` },
        },
      }),
    }),
    extract: () => ({
      ...starter,
      ...extractStart({
        ...shared,
        settings: {
          bronzeBucket: 'bronze',
          artifactsBucket: 'artifacts',
          task: { ...task, taskDefinition: `sluice-extract:${revision}` },
        },
        platform: NO_PLATFORM,
        isCancelled: (backfillId) => isCancelled(table, backfillId),
      }),
    }),
    compact: () => ({
      ...starter,
      ...compactStart({
        ...shared,
        world,
        jobs: jobs('compact', code, glue),
        settings: {
          ...buckets,
          targetBytes: TARGET_BYTES,
          engine: 'auto',
          sparkFromBytes: 600,
          task: { ...task, taskDefinition: `sluice-compact:${revision}` },
          workerType: 'G.1X',
        },
      }),
    }),
  })
  const columnsOf = (entity: string) => project.entities[entity]?.columns ?? []
  const ends = asAsked<Record<RunKind, EndEffects>>({
    cleanse: () => ({
      ...world,
      publish,
      ...cleanseEnd({
        ledger: table,
        project,
        silverBucket: 'silver',
        reports: artifacts,
        copyObject: copyObject('silver', s3),
        addPartitions: addPartitions('silver', 'silver', columnsOf, glue),
        clock,
        removeSubject: remove,
        registry: ledgerRegistry(table, () => iso(clock.now())),
      }),
    }),
    build: () => ({
      ...world,
      publish,
      ...buildEnd({
        ledger: table,
        clock,
        reports: artifacts,
        removeDatabase: (uri) => remove(uri.replace('s3://artifacts/', '')),
      }),
    }),
    extract: () => ({
      ...world,
      publish,
      ...extractEnd({ ...world, project, publish, reports: artifacts }),
    }),
    compact: () => ({
      ...world,
      publish,
      ...compactEnd({
        clock,
        reports: artifacts,
        copyObject: copyObject('silver', s3),
        graceSeconds: GRACE_SECONDS,
      }),
    }),
  })
  return {
    world,
    ledger: table,
    putAll: putAll('ledger', dynamo),
    clock,
    project,
    publish,
    landing,
    starts,
    ends,
    reports: artifacts,
    tables: goldTables({ published: 'gold', editions: 'editions' }, glue),
    removeTable: removeTable('editions', glue),
    removeFolder: removeFolder('gold', s3),
    jobs: { cleanse: jobReader('cleanse', glue), compact: jobReader('compact', glue) },
    removeObjects: removeObjects('silver', s3),
    cache: plans('gold', s3),
    goldRows: { start: goldRows(gate, services.athena) },
    tasks: taskReader('cluster', ecs),
    listVersions: listVersions('bronze', s3),
    channels: ['email', 'slack'].map((name) => channel(name, gate, services.channel)),
  }
}
export type Parts = ReturnType<typeof parts>

/** Rows of gold, which no invariant looks at: one call, which may fail like any other. */
const goldRows = (gate: Gate, effectOf: Services['athena']) => async () => {
  await gate(effectOf({ constructor: { name: 'Query' }, input: {} }))
  return { rows: [] }
}

const nothing = () => Promise.reject(new Error('the simulator has no dbt platform'))
/** No source of the simulator is a job of another engine. */
export const NO_PLATFORM: Platform = { start: nothing, find: nothing, get: nothing, stop: nothing }

/** One way to tell people: of an incident by its priority, and of what was published. */
function channel(name: string, gate: Gate, effectOf: Services['channel']) {
  const call = async (input: object) => {
    await gate(effectOf({ constructor: { name: 'Tell' }, input: { ...input, channel: name } }))
  }
  return {
    name,
    priorities: PRIORITIES,
    send: (what: 'opened' | 'closed', { incidentId }: { incidentId: string }) => call({ what, incidentId }),
    say: (text: string) => call({ what: 'said', text }),
  }
}
