import * as z from 'zod'

/** Sluice's own events: a name as it stands in `detail-type`, and the shape of `detail`. */
export const SOURCE = 'sluice'

const runId = z.string().min(1).max(64)

function event<const Name extends string, Detail extends z.ZodType>(name: Name, detail: Detail) {
  return { name, detail }
}

const rowCounts = z.object({
  in: z.number().int(),
  out: z.number().int(),
  duplicates: z.number().int(),
  rejected: z.number().int(),
})

export const BatchReady = event('Batch Ready', z.object({ runId }))
export const SilverUpdated = event('Silver Updated', z.object({ runId, entity: z.string(), rows: rowCounts }))
export const BuildReady = event('Build Ready', z.object({ runId }))
export const GoldBuilt = event(
  'Gold Built',
  z.object({ runId, domains: z.array(z.string()).min(1), edition: z.string() }),
)
export const GoldPublished = event(
  'Gold Published',
  z.object({ runId, domain: z.string(), edition: z.string(), datasets: z.array(z.string()) }),
)
/** A gate measured data that must not pass: the data waits for a person, nothing was lost. */
export const GateFailed = event(
  'Gate Failed',
  z.object({ runId, kind: z.string(), subject: z.string(), reason: z.string() }),
)
/** A stage gave up after its tries: the machinery failed, not the data. */
export const StageFailed = event(
  'Stage Failed',
  z.object({ runId, kind: z.string(), subject: z.string(), reason: z.string() }),
)
export const IncidentOpened = event(
  'Incident Opened',
  z.object({ incidentId: z.string(), runId, priority: z.enum(['P1', 'P2']), title: z.string() }),
)

export const catalog = [
  BatchReady,
  SilverUpdated,
  BuildReady,
  GoldBuilt,
  GoldPublished,
  GateFailed,
  StageFailed,
  IncidentOpened,
] as const

export type Event = (typeof catalog)[number]
export type EventName = Event['name']
/** The parsed `detail` of an event of the catalog. */
export type Detail<E extends { detail: z.ZodType }> = z.infer<E['detail']>

/** One event to put on the bus: the name and detail are checked against the catalog by the type. */
export type Outgoing = { [E in Event as E['name']]: { name: E['name']; detail: Detail<E> } }[EventName]

/** The envelope in which EventBridge delivers our events; `detail` is validated per event. */
export const envelope = <Name extends string, D extends z.ZodType>(event: { name: Name; detail: D }) =>
  z.object({
    id: z.string(),
    time: z.string(),
    source: z.literal(SOURCE),
    'detail-type': z.literal(event.name),
    detail: event.detail,
  })
