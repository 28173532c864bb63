import type { RecordLandingEffects } from '../../functions/1-ingest/record-landing/record-landing.js'
import { extractStart } from '../../functions/1-ingest/start-extract/start-extract.js'
import { cleanseStart } from '../../functions/2-cleanse/start-cleanse/start-cleanse.js'
import { buildStart } from '../../functions/3-transform/start-build/start-build.js'
import type { PublishGoldEffects } from '../../functions/4-publish/publish-gold/follow.js'
import { compactStart } from '../../functions/operate/plan-compaction/start-compaction.js'
import type { RaiseAlertEffects } from '../../functions/operate/raise-alert/raise-alert.js'
import type { ReconcileEffects } from '../../functions/operate/reconcile/reconcile.js'
import { removeReplaced } from '../../functions/operate/reconcile/remove-replaced.js'
import type { SendAlertEffects } from '../../functions/operate/send-alert/send-alert.js'
import { type Channel, headline } from '../../shared/alerts/notice.js'
import { PRIORITIES } from '../../shared/alerts/priorities.js'
import { buildEnd } from '../../shared/build.js'
import { cleanseEnd } from '../../shared/cleanse.js'
import { iso } from '../../shared/clock.js'
import { compactEnd } from '../../shared/compact-end.js'
import type { Declared } from '../../shared/declared.js'
import { type EndEffects, endUnchanged, type Unchanged } from '../../shared/end-run.js'
import { extractEnd } from '../../shared/extract-end.js'
import type { EmptyTable, GoldTable, GoldTables } from '../../shared/gold-tables.js'
import type { World } from '../../shared/lane.js'
import type { Run, RunKind } from '../../shared/run.js'
import { ledgerRegistry } from '../../shared/schema/registry.js'
import type { StartEffects } from '../../shared/start-run.js'
import type { TaskSettings } from '../../shared/work.js'
import { FakeBus } from './bus.js'
import { FakeClock } from './clock.js'
import { Faults } from './faults.js'
import { FakeJobs } from './jobs.js'
import { FakeLater } from './later.js'
import { FakeLedger } from './ledger.js'
import { FakeBronze, FakeObjects } from './objects.js'
import { FakePlatform } from './platform.js'
import { testProject } from './project.js'
import { FakeTasks } from './tasks.js'

const taskSettings = (taskDefinition: string): TaskSettings => ({
  cluster: 'cluster',
  subnets: ['subnet-1'],
  securityGroups: ['sg-1'],
  taskDefinition,
  capacity: 'spot',
  size: { cpu: 2_048, memory: 8_192 },
})

function makeFakes(options: { pageItems?: number }) {
  const clock = new FakeClock()
  return {
    clock,
    later: new FakeLater(clock),
    ledger: new FakeLedger(options),
    bus: new FakeBus(),
    tasks: new FakeTasks(),
    jobs: new FakeJobs(),
    platform: new FakePlatform(),
    bronze: new FakeBronze(),
    silver: new FakeObjects('silver'),
    quarantine: new FakeObjects('quarantine'),
    artifacts: new FakeObjects('artifacts'),
    /** The catalog: gold tables by name, and the registered days of silver by entity. */
    goldTables: new Map<string, GoldTable>(),
    /** The tables that each edition has of its own. */
    editionTables: new Map<string, GoldTable>(),
    silverDays: new Map<string, Set<string>>(),
    /** Backfills that somebody has cancelled. */
    cancelled: new Set<string>(),
    /** What people were told. */
    told: [] as string[],
  }
}

/** Until the files that a compaction has replaced may go. */
export const GRACE_SECONDS = 3_600

interface Wrapped {
  faults: Faults
  project: Declared
  fakes: ReturnType<typeof makeFakes>
  world: World
  publish: FakeBus['publish']
}

/** Every fake, and the effects of every stage wired to them as `functions/wiring.ts` wires the real ones. */
export function parts(options: { pageItems?: number; project?: Declared } = {}) {
  const faults = new Faults()
  const fakes = makeFakes(options)
  const bus = faults.wrap('bus', fakes.bus)
  const ledger = faults.wrap('ledger', fakes.ledger)
  const world: World = { ledger, clock: fakes.clock, announceReady: bus.announceReady }
  const { project = testProject } = options
  const wrapped: Wrapped = { faults, project, fakes, world, publish: bus.publish }
  const landing = landingEffects(wrapped)
  const starts = {
    cleanse: starter('cleanse', wrapped),
    build: starter('build', wrapped),
    extract: starter('extract', wrapped),
    compact: starter('compact', wrapped),
  }
  const ends = {
    cleanse: ender('cleanse', wrapped),
    build: ender('build', wrapped),
    extract: ender('extract', wrapped),
    compact: ender('compact', wrapped),
  }
  return {
    ...fakes,
    faults,
    world,
    landing,
    starts,
    ends,
    publish: publishEffects(wrapped),
    alert: alertEffects(wrapped),
    send: sendEffects(wrapped),
    reconcile: reconcileEffects(wrapped, landing, starts, ends),
  }
}
export type Parts = ReturnType<typeof parts>

function landingEffects({ faults, fakes, project, world }: Wrapped): RecordLandingEffects {
  const { findVersion } = faults.wrap('bronze', fakes.bronze)
  const later = faults.wrap('later', fakes.later).send
  return { ...world, project, later, findVersion, putNote: faults.wrap('quarantine', fakes.quarantine).put }
}

function starter(kind: RunKind, { faults, fakes, project, world, publish }: Wrapped): StartEffects {
  const tasks = faults.wrap('tasks', fakes.tasks)
  const artifacts = faults.wrap('artifacts', fakes.artifacts)
  const base = {
    ...world,
    publish,
    plans: artifacts,
    endUnchanged: (run: Run, unchanged: Unchanged) => endUnchanged(world, run, unchanged),
  }
  const shared = { ledger: world.ledger, project, tasks, stopTask: tasks.stop }
  const buckets = { silverBucket: 'silver', artifactsBucket: 'artifacts', stage: 'dev' }
  if (kind === 'build') {
    const task = taskSettings('sluice-dbt:1')
    const settings = { ...buckets, goldBucket: 'gold', target: 'duckdb', task }
    return { ...base, ...buildStart({ ...shared, world, reports: artifacts, settings }) }
  }
  if (kind === 'extract') {
    const platform = faults.wrap('platform', fakes.platform)
    const settings = {
      bronzeBucket: 'bronze',
      artifactsBucket: 'artifacts',
      task: taskSettings('sluice-extract:1'),
    }
    const isCancelled = async (id: string) => fakes.cancelled.has(id)
    return { ...base, ...extractStart({ ...shared, settings, platform, isCancelled }) }
  }
  const jobs = faults.wrap('jobs', fakes.jobs)
  if (kind === 'compact') {
    const sizes = {
      targetBytes: 1_000,
      sparkFromBytes: 1_000_000,
      engine: 'auto' as const,
      workerType: 'G.1X',
    }
    const settings = { ...buckets, ...sizes, task: taskSettings('sluice-compact:1') }
    return { ...base, ...compactStart({ ...shared, world, jobs, settings }) }
  }
  const task = taskSettings('sluice-cleanse:1')
  const settings = {
    ...buckets,
    quarantineBucket: 'quarantine',
    engine: 'auto' as const,
    sparkFromBytes: 1_000_000,
    task,
    workerType: 'G.1X',
  }
  return { ...base, ...cleanseStart({ ...shared, settings, jobs }) }
}

function ender(kind: RunKind, { faults, fakes, project, world, publish }: Wrapped): EndEffects {
  const reports = faults.wrap('artifacts', fakes.artifacts)
  const base = { ...world, publish }
  if (kind === 'build')
    return {
      ...base,
      ...buildEnd({ ...base, reports, removeDatabase: removeDatabase(reports) }),
    }
  if (kind === 'extract') {
    return { ...base, ...extractEnd({ ...base, project, reports }) }
  }
  const copyObject = faults.wrap('silver', fakes.silver).copy
  if (kind === 'compact')
    return {
      ...base,
      ...compactEnd({ clock: world.clock, reports, copyObject, graceSeconds: GRACE_SECONDS }),
    }
  const { addPartitions } = faults.wrap('glue', {
    addPartitions: async (entity: string, days: string[]) => {
      const known = fakes.silverDays.get(entity) ?? []
      fakes.silverDays.set(entity, new Set([...known, ...days]))
    },
  })
  return {
    ...base,
    ...cleanseEnd({
      ledger: world.ledger,
      project,
      silverBucket: 'silver',
      reports,
      copyObject,
      addPartitions,
      clock: world.clock,
      removeSubject: (key) => reports.remove(key),
      registry: ledgerRegistry(world.ledger, () => iso(world.clock.now())),
    }),
  }
}

const removeDatabase = (artifacts: FakeObjects) => (uri: string) =>
  artifacts.remove(uri.replace('s3://artifacts/', ''))

function publishEffects({ faults, fakes, world, publish }: Wrapped): PublishGoldEffects {
  const { goldTables, editionTables } = fakes
  const move = async (table: EmptyTable) => {
    const known = goldTables.get(table.name)
    if ((known?.flip ?? 0) < table.flip) goldTables.set(table.name, { ...known, ...table } as GoldTable)
  }
  const tables: GoldTables = faults.wrap('catalog', {
    put: move,
    empty: async (table: EmptyTable) => (goldTables.has(table.name) ? move(table) : undefined),
    add: async (table: GoldTable) => void editionTables.set(table.name, table),
  })
  const reports = faults.wrap('artifacts', fakes.artifacts)
  return { ledger: world.ledger, clock: world.clock, publish, reports, tables }
}

function alertEffects({ world, publish, project }: Wrapped): RaiseAlertEffects {
  return { ledger: world.ledger, clock: world.clock, project, publish }
}

function sendEffects({ faults, fakes, world }: Wrapped): SendAlertEffects {
  const channel: Channel = faults.wrap('channel', {
    name: 'email',
    priorities: PRIORITIES,
    send: async (what, incident) => void fakes.told.push(headline(what, incident)),
  })
  return { ledger: world.ledger, clock: world.clock, channels: async () => [channel] }
}

function reconcileEffects(
  { faults, fakes }: Wrapped,
  landing: RecordLandingEffects,
  starts: ReconcileEffects['starts'],
  ends: ReconcileEffects['ends'],
): ReconcileEffects {
  const { listVersions } = faults.wrap('bronze', fakes.bronze)
  const artifacts = faults.wrap('artifacts', fakes.artifacts)
  const silver = faults.wrap('silver', fakes.silver)
  const tasks = faults.wrap('tasks', fakes.tasks)
  const jobs = faults.wrap('jobs', fakes.jobs)
  const platform = faults.wrap('platform', fakes.platform)
  const services = { tasks, jobs: { cleanse: jobs, compact: jobs }, platform }
  return {
    ...landing,
    bronzeBucket: 'bronze',
    listVersions,
    starts,
    ends,
    ...services,
    drives: {
      COMPACTED: (id) =>
        removeReplaced({ ...landing, reports: artifacts, removeObjects: silver.removeAll }, id),
    },
    askDoors: async () => 0,
  }
}
