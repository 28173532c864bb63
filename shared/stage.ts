import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import type * as z from 'zod'
import { carried, IDS_NAMED_MAX } from './correlation.js'
import { BadInput } from './errors.js'
import { aboutOf, type Delivered, doneFate, type Fate, type PutAll, recordFailed, runPk } from './fates.js'
import type { ItemLedger } from './ledger.js'
import { correlate, correlation, logFailure, logOutcome, type Outcome } from './observe.js'
import { annotate } from './trace.js'

type Envelope = z.ZodType<Delivered>

/**
 * Wraps a stage's decision into a Lambda handler: validates the event, runs the decision, records the event's fate,
 * logs once. An error goes on to Lambda, which repeats the event and gives it to the dead-letter queue
 * in the end.
 */
export function stage<S extends Envelope>(
  name: string,
  schema: S,
  ledger: Pick<ItemLedger, 'write'>,
  decide: (event: z.infer<S>) => Promise<Outcome>,
): (event: unknown) => Promise<void> {
  return async (raw) => {
    const begun = performance.now()
    correlate(carried((raw as { detail?: Record<string, unknown> } | null)?.detail ?? {}).correlationId)
    try {
      const event = parse(name, schema, raw)
      const outcome = await decide(event)
      const { did, runId, about = runId && runPk(runId) } = outcome
      const fate = {
        did,
        ...(about && { about }),
        ...carried({ correlationId: correlation() }),
      }
      await ledger.write({ put: doneFate(name, event, fate) })
      await traced(name, begun, runId)
      const { id, 'detail-type': detailType } = event
      logOutcome(name, performance.now() - begun, { event: detailType, eventId: id, ...outcome })
    } catch (error) {
      const delivered = deliveredOf(raw)
      logFailure(name, performance.now() - begun, error, delivered?.id)
      if (delivered) await recordFailed(ledger, name, delivered, { error, about: aboutOf(raw) })
      throw error
    }
  }
}

/** Annotates the trace of this invocation with what it worked on. */
function traced(name: string, begun: number, runId?: string): Promise<void> {
  const { timeOrigin } = performance
  const time = { from: timeOrigin + begun, to: timeOrigin + performance.now() }
  return annotate(name, time, { correlation_id: correlation(), run_id: runId })
}

/** The envelope of an event, as far as it can be named, also when the rest of it cannot be read. */
function deliveredOf(raw: unknown): Delivered | undefined {
  const { id, time, 'detail-type': detailType } = (raw ?? {}) as Partial<Delivered>
  if (typeof id !== 'string' || typeof time !== 'string' || Number.isNaN(Date.parse(time))) return undefined
  return { id: id.slice(0, EVENT_ID_MAX), time, 'detail-type': String(detailType) }
}

/** Longer than any event's id; a key of the ledger is bounded. */
const EVENT_ID_MAX = 200

interface BatchOutcome {
  /** The positions of the events that must come back, each with its error. */
  failed: Map<number, unknown>
  /** What became of each event, by its position; of one that failed what it was about, where that is known. */
  fates: readonly (Fate | undefined)[]
  outcome: Outcome
}

interface FateWriter {
  ledger: Pick<ItemLedger, 'write'>
  putAll: PutAll
}

/** The same for a queue of EventBridge events: only the messages that failed are given back to the queue. */
export function queueStage<S extends Envelope>(
  name: string,
  schema: S,
  writer: FateWriter,
  decide: (events: z.infer<S>[]) => Promise<BatchOutcome>,
): (batch: SQSEvent) => Promise<SQSBatchResponse> {
  return async (batch) => {
    const begun = performance.now()
    correlate(undefined)
    const failedIds: string[] = []
    const fail = async (messageId: string, raw: unknown, error: unknown, about = aboutOf(raw)) => {
      failedIds.push(messageId)
      const delivered = deliveredOf(raw)
      logFailure(name, performance.now() - begun, error, delivered?.id)
      if (delivered) await recordFailed(writer.ledger, name, delivered, { error, about })
    }
    const good: { id: string; event: z.infer<S> }[] = []
    for (const record of batch.Records) {
      const raw = parseJson(record.body)
      try {
        good.push({ id: record.messageId, event: parse(name, schema, raw) })
      } catch (error) {
        await fail(record.messageId, raw, error)
      }
    }
    const { failed, fates, outcome } = await decide(good.map(({ event }) => event))
    const done = good.flatMap(({ event }, place) => {
      const fate = failed.has(place) ? undefined : fates[place]
      return fate ? [doneFate(name, event, fate)] : []
    })
    await writer.putAll(done)
    for (const [place, error] of failed)
      await fail(good[place]?.id ?? '', good[place]?.event, error, fates[place]?.about)
    const ids = [...new Set(fates.flatMap((fate) => fate?.correlationId ?? []))].slice(0, IDS_NAMED_MAX)
    logOutcome(name, performance.now() - begun, {
      ...outcome,
      failed: failedIds.length,
      ...(ids.length === 1 ? { correlationId: ids[0] } : { correlationIds: ids }),
    })
    return { batchItemFailures: failedIds.map((itemIdentifier) => ({ itemIdentifier })) }
  }
}

/** Text that is no JSON is no event: the schema refuses nothing just as well. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An event of the right shape. Throws `BadInput` that names each wrong path. */
function parse<S extends z.ZodType>(name: string, schema: S, event: unknown): z.infer<S> {
  const answer = schema.safeParse(event)
  if (answer.success) return answer.data
  const problems = answer.error.issues.map((issue) => `${issue.path.join('.') || 'event'}: ${issue.message}`)
  throw new BadInput(`${name} cannot read this event`, problems)
}
