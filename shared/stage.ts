import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import type * as z from 'zod'
import { BadInput } from './errors.js'
import type { ItemLedger } from './ledger.js'
import { logFailure, logOutcome, type Outcome } from './observe.js'

/** How long the ledger remembers what became of an event: 90 days. */
const FATE_SECONDS = 90 * 24 * 3_600

type Envelope = z.ZodType<{ id: string; time: string; 'detail-type': string }>

/**
 * Wraps a stage's decision into a Lambda handler: validates the event, runs the decision, records the event's fate
 * with its run, logs once. An error goes on to Lambda, which repeats the event and gives it to the dead-letter queue
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
    try {
      const event = parse(name, schema, raw)
      const outcome = await decide(event)
      if (outcome.runId) await recordFate(ledger, name, event, outcome)
      const { id, 'detail-type': detailType } = event
      logOutcome(name, performance.now() - begun, { event: detailType, eventId: id, ...outcome })
    } catch (error) {
      logFailure(name, performance.now() - begun, error, (raw as { id?: string } | null)?.id)
      throw error
    }
  }
}

async function recordFate(
  ledger: Pick<ItemLedger, 'write'>,
  name: string,
  event: z.infer<Envelope>,
  outcome: Outcome,
): Promise<void> {
  await ledger.write({
    put: {
      PK: `RUN#${outcome.runId}`,
      SK: `EVENT#${event.time}#${event.id}#${name}`,
      event: event['detail-type'],
      at: event.time,
      stage: name,
      did: outcome.did,
      expiresAt: Math.floor(Date.parse(event.time) / 1_000) + FATE_SECONDS,
    },
  })
}

interface BatchOutcome {
  /** The positions of the events that must come back, each with its error. */
  failed: Map<number, unknown>
  outcome: Outcome
}

/** The same for a queue of EventBridge events: only the messages that failed are given back to the queue. */
export function queueStage<S extends z.ZodType>(
  name: string,
  schema: S,
  decide: (events: z.infer<S>[]) => Promise<BatchOutcome>,
): (batch: SQSEvent) => Promise<SQSBatchResponse> {
  return async (batch) => {
    const begun = performance.now()
    const failedIds: string[] = []
    const good: { id: string; event: z.infer<S> }[] = []
    for (const record of batch.Records) {
      try {
        good.push({ id: record.messageId, event: parse(name, schema, JSON.parse(record.body)) })
      } catch (error) {
        failedIds.push(record.messageId)
        logFailure(name, performance.now() - begun, error)
      }
    }
    const { failed, outcome } = await decide(good.map(({ event }) => event))
    for (const [position, error] of failed) {
      failedIds.push(good[position]?.id ?? '')
      logFailure(name, performance.now() - begun, error)
    }
    logOutcome(name, performance.now() - begun, { ...outcome, failed: failedIds.length })
    return { batchItemFailures: failedIds.map((itemIdentifier) => ({ itemIdentifier })) }
  }
}

/** An event of the right shape. Throws `BadInput` that names each wrong path. */
function parse<S extends z.ZodType>(name: string, schema: S, event: unknown): z.infer<S> {
  const answer = schema.safeParse(event)
  if (answer.success) return answer.data
  const problems = answer.error.issues.map((issue) => `${issue.path.join('.') || 'event'}: ${issue.message}`)
  throw new BadInput(`${name} cannot read this event`, problems)
}
