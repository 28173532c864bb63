import * as z from 'zod'
import { by, correlationId, event, runId, SOURCE } from './event.js'
import { intake } from './intake.js'
import { requests } from './requests.js'

/** Sluice's own events: from the batch to the edition, and what goes wrong on the way. */
export { SOURCE } from './event.js'
export * from './intake.js'
export * from './requests.js'

const rowCounts = z.object({
  in: z.number().int(),
  out: z.number().int(),
  duplicates: z.number().int(),
  rejected: z.number().int(),
})

/** What each event of a run says: which run, and which delivery it goes back to (shared/correlation.ts). */
const ofRun = { runId, correlationId: correlationId.optional() }

export const BatchReady = event('Batch Ready', z.object(ofRun))
export const SilverUpdated = event(
  'Silver Updated',
  z.object({
    ...{ ...ofRun, entity: z.string(), rows: rowCounts },
    /** When the oldest and the newest of its inputs had landed. */
    ...{ arrivedAt: z.string().optional(), newestAt: z.string().optional() },
  }),
)
export const BuildReady = event('Build Ready', z.object(ofRun))
/** The job of an attempt was started. */
export const RunStarted = event('Run Started', z.object({ ...ofRun, kind: z.string(), attempt: z.int() }))
export const GoldBuilt = event(
  'Gold Built',
  z.object({ ...ofRun, domains: z.array(z.string()).min(1), edition: z.string() }),
)
/** Readers see another edition. `rollback`: because a person went back to it, from which one and why. */
export const GoldPublished = event(
  'Gold Published',
  z.object({
    ...{ ...ofRun, domain: z.string(), edition: z.string(), datasets: z.array(z.string()) },
    rollback: z.object({ requestId: z.string(), from: z.string(), by, why: z.string() }).optional(),
  }),
)

/** How heavy work fails; what is done about each stands in `shared/policies.ts`. */
export const failureClasses = [
  'image_pull',
  'network_interface',
  'spot',
  'out_of_memory',
  'capacity',
  'configuration',
  'crashed',
  'reported',
  'reported_transient',
  'timed_out',
  'stopped',
  'lost',
  'never_started',
] as const
export type FailureClass = (typeof failureClasses)[number]

const failure = { ...ofRun, kind: z.string(), subject: z.string(), lane: z.string(), reason: z.string() }
/**
 * A gate measured data that must not pass: the data waits for a person, nothing was lost. `schema`: what a source sends
 * has other columns or types than its contract.
 */
export const GateFailed = event(
  'Gate Failed',
  z.object({ ...failure, failureClass: z.enum(['gate', 'schema']) }),
)
/** A stage gave up after its tries: the machinery failed, not the data. */
export const StageFailed = event(
  'Stage Failed',
  z.object({ ...failure, failureClass: z.enum(failureClasses) }),
)

const priority = z.enum(['P1', 'P2', 'P3', 'P4'])
/** One incident per root cause of a lane; `runId` is the run that opened it, absent where no run is to blame. */
const incident = z.object({
  incidentId: z.string().min(1).max(200),
  priority,
  title: z.string(),
  cause: z.string(),
  lane: z.string(),
  runId: runId.optional(),
  reason: z.string(),
})
export const IncidentOpened = event('Incident Opened', incident)
export const IncidentClosed = event('Incident Closed', incident)

/** What is looked at for health, and the change of one of them; `cause` is what people are told of once. */
const health = z.object({
  finding: z.string().min(1).max(200),
  kind: z.enum(['source', 'lag', 'objective', 'tests', 'rows']),
  subject: z.string(),
  lane: z.string(),
  cause: z.string().min(1).max(200),
  reason: z.string(),
  since: z.string(),
})
export const HealthDegraded = event(
  'Health Degraded',
  health.extend({ level: z.enum(['warn', 'error']), priority }),
)
export const HealthRecovered = event('Health Recovered', health)

/** The clock asks to let go of editions that nobody needs. */
export const ExpiryRequested = event(
  'Expiry Requested',
  z.object({ requestId: z.string().min(1).max(200), by }),
)

/** The clock, or a person, wants small files of silver put together: of one entity, or of all that have new silver. */
export const CompactionRequested = event(
  'Compaction Requested',
  z.object({
    entity: z.string().min(1).max(63).optional(),
    requestId: z.string().min(1).max(200),
    /** Days that are not over as well. */
    today: z.boolean().optional(),
    by: by.optional(),
  }),
)
export const CompactionReady = event('Compaction Ready', z.object(ofRun))
/** Days of an entity are read from new files; the old ones go when nobody can be reading them any more. */
export const SilverCompacted = event(
  'Silver Compacted',
  z.object({
    ...{ ...ofRun, entity: z.string(), days: z.int(), rows: z.int() },
    files: z.object({ before: z.int(), after: z.int() }),
  }),
)

export const catalog = [
  ...intake,
  ...requests,
  BatchReady,
  SilverUpdated,
  BuildReady,
  RunStarted,
  GoldBuilt,
  GoldPublished,
  GateFailed,
  StageFailed,
  IncidentOpened,
  IncidentClosed,
  HealthDegraded,
  HealthRecovered,
  ExpiryRequested,
  CompactionRequested,
  CompactionReady,
  SilverCompacted,
] as const

export type Event = (typeof catalog)[number]
export type EventName = Event['name']
/** The parsed `detail` of an event of the catalog. */
export type Detail<E extends { detail: z.ZodType }> = z.infer<E['detail']>

/** One event to put on the bus: the name and detail are checked against the catalog by the type. */
export type Outgoing = { [E in Event as E['name']]: { name: E['name']; detail: Detail<E> } }[EventName]

/** An event of ours that a stage was woken by, as far as its decision reads it. */
export type Heard<E extends { name: string; detail: z.ZodType }> = E extends unknown
  ? { 'detail-type': E['name']; detail: Detail<E> }
  : never

/** The envelope in which EventBridge delivers our events; `detail` is validated per event. */
export const envelope = <Name extends string, D extends z.ZodType>(event: { name: Name; detail: D }) =>
  z.object({
    id: z.string(),
    time: z.string(),
    source: z.literal(SOURCE),
    'detail-type': z.literal(event.name),
    detail: event.detail,
  })
