import { buildEnd } from '../shared/build.js'
import { announceReady, putEvents } from '../shared/bus.js'
import { cleanseEnd } from '../shared/cleanse.js'
import { systemClock } from '../shared/clock.js'
import { project } from '../shared/declared.js'
import { type EndEffects, endUnchanged } from '../shared/end-run.js'
import type { EngineEffects, EngineSettings } from '../shared/engines.js'
import { env } from '../shared/env.js'
import { jobs } from '../shared/jobs.js'
import type { World } from '../shared/lane.js'
import { later } from '../shared/later.js'
import { documentClient, itemReader, itemWriter, ledger, putAll, putItem } from '../shared/ledger-dynamo.js'
import { copyObject, findVersion, plans, putNote, removeObject, reports, s3 } from '../shared/objects.js'
import type { StartEffects, StartOfKind } from '../shared/start-run.js'
import { addPartitions } from '../shared/tables.js'
import { stopTask, tasks } from '../shared/tasks.js'
import type { Capacity, TaskSettings } from '../shared/work.js'
import type { RecordLandingEffects } from './1-ingest/record-landing/record-landing.js'
import { cleanseStart } from './2-cleanse/start-cleanse/start-cleanse.js'
import { buildStart } from './3-transform/start-build/start-build.js'
import { schemaRegistry } from './schema-wiring.js'

/**
 * The effects of the stages, built from the environment. Each function builds one set, and a bundle holds only the
 * calls of the sets that its handler asks for: the test of the roles relies on that.
 */
export const theLedger = () => ledger(env.LEDGER_TABLE, documentClient())
/** Puts many items of the ledger without conditions. */
export const putAllItems = () => putAll(env.LEDGER_TABLE, documentClient())

/** The ledger of a stage that writes nothing but what became of its events. */
export const fateLedger = () => itemWriter(env.LEDGER_TABLE, documentClient(), { put: putItem })

/** The ledger of a stage that reads and puts single items. */
export function putLedger() {
  const client = documentClient()
  return {
    ...itemReader(env.LEDGER_TABLE, client),
    ...itemWriter(env.LEDGER_TABLE, client, { put: putItem }),
  }
}

export const thePublisher = () => putEvents(env.BUS_NAME)

export function world(): World {
  return { ledger: theLedger(), clock: systemClock, announceReady: announceReady(thePublisher()) }
}

export function landingEffects(): RecordLandingEffects {
  const client = s3()
  return {
    ...world(),
    project,
    later: later(env.LATER_QUEUE_URL),
    findVersion: findVersion(env.BRONZE_BUCKET, client),
    putNote: putNote(env.QUARANTINE_BUCKET, client),
  }
}

/** What all tasks of a definition have alike; the size is that of the definition. */
export const taskSettings = (
  taskDefinition: string,
  cpu = env.TASK_CPU,
  memory = env.TASK_MEMORY,
): TaskSettings => ({
  cluster: env.CLUSTER_ARN,
  subnets: env.SUBNETS.split(','),
  securityGroups: [env.SECURITY_GROUP],
  taskDefinition,
  capacity: env.TASK_CAPACITY as Capacity,
  size: { cpu: Number(cpu), memory: Number(memory) },
})

/** What all that starts has alike, whatever kind of run it is. */
export function starting(): Omit<StartEffects, keyof StartOfKind> {
  const base = world()
  return {
    ...base,
    publish: thePublisher(),
    plans: plans(env.ARTIFACTS_BUCKET, s3()),
    endUnchanged: (run, unchanged) => endUnchanged(base, run, unchanged),
  }
}

/** How the stage chooses between its engines, for work whose task is `task`. */
export const engineSettings = (task: TaskSettings): EngineSettings => ({
  engine: env.CLEANSE_ENGINE as EngineSettings['engine'],
  sparkFromBytes: Number(env.SPARK_FROM_BYTES),
  task,
  workerType: env.GLUE_WORKER_TYPE,
})

/** Both engines: tasks, and the Glue job of this name with the stage's code. */
export const engines = (job: string): EngineEffects => ({
  tasks: tasks(),
  jobs: jobs(job, {
    script: env.GLUE_SCRIPT_URI,
    modules: env.GLUE_MODULES_URI,
    workers: Number(env.GLUE_WORKERS),
  }),
  stopTask: stopTask(env.CLUSTER_ARN),
})

export function cleanseStarter(): StartEffects {
  const base = starting()
  const settings = {
    silverBucket: env.SILVER_BUCKET,
    quarantineBucket: env.QUARANTINE_BUCKET,
    artifactsBucket: env.ARTIFACTS_BUCKET,
    stage: env.STAGE,
    ...engineSettings(taskSettings(env.CLEANSE_TASK)),
  }
  return {
    ...base,
    ...cleanseStart({ ledger: base.ledger, project, settings, ...engines(env.GLUE_JOB) }),
  }
}

export function cleanseEnder(): EndEffects {
  const client = s3()
  const columnsOf = (entity: string) => project.entities[entity]?.columns ?? []
  return {
    ...world(),
    publish: thePublisher(),
    ...cleanseEnd({
      ledger: theLedger(),
      project,
      silverBucket: env.SILVER_BUCKET,
      reports: reports(env.ARTIFACTS_BUCKET, client),
      copyObject: copyObject(env.SILVER_BUCKET, client),
      addPartitions: addPartitions(env.SILVER_DATABASE, env.SILVER_BUCKET, columnsOf),
      registry: schemaRegistry(theLedger()),
      clock: systemClock,
      removeSubject: removeObject(env.ARTIFACTS_BUCKET, client),
    }),
  }
}

export function buildStarter(): StartEffects {
  const base = starting()
  const settings = {
    silverBucket: env.SILVER_BUCKET,
    goldBucket: env.GOLD_BUCKET,
    stage: env.STAGE,
    artifactsBucket: env.ARTIFACTS_BUCKET,
    task: taskSettings(env.DBT_TASK),
  }
  return {
    ...base,
    ...buildStart({
      ledger: base.ledger,
      world: base,
      reports: reports(env.ARTIFACTS_BUCKET, s3()),
      project,
      settings,
      tasks: tasks(),
      stopTask: stopTask(env.CLUSTER_ARN),
    }),
  }
}

export function buildEnder(): EndEffects {
  const client = s3()
  const remove = removeObject(env.ARTIFACTS_BUCKET, client)
  return {
    ...world(),
    publish: thePublisher(),
    ...buildEnd({
      ledger: theLedger(),
      clock: systemClock,
      reports: reports(env.ARTIFACTS_BUCKET, client),
      removeDatabase: (uri) => remove(uri.replace(`s3://${env.ARTIFACTS_BUCKET}/`, '')),
    }),
  }
}
