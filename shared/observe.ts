import { Logger } from '@aws-lambda-powertools/logger'

/** The one logger of a Lambda: JSON lines with the stage, and the run id once it is known. */
export const logger = new Logger({ serviceName: 'sluice' })

let current: string | undefined

/** Lets every later line, and what this invocation records, carry an id; nothing takes it away again. */
export function correlate(correlationId: string | undefined): void {
  current = correlationId
  if (correlationId) logger.appendKeys({ correlationId })
  else logger.removeKeys(['correlationId'])
}

/** The id of what this invocation works on, as far as it is known yet. Lambda gives one event at a time. */
export const correlation = () => current

/** What a stage says of itself once it is done: what it did in a few words, and for which run. */
export interface Outcome {
  did: string
  runId?: string
  /** Of what is no run yet: the key of the item that remembers a request, which will name its run. */
  about?: string
  [name: string]: unknown
}

/** Writes the one line that a stage logs: which stage, what became of the event, how long it took. */
export function logOutcome(stage: string, milliseconds: number, outcome: Outcome): void {
  logger.info(stage, { stage, milliseconds: Math.round(milliseconds), ...outcome })
}

/** Writes the one line of a failed stage. The error goes on to Lambda, which repeats the event. */
export function logFailure(stage: string, milliseconds: number, error: unknown, eventId?: string): void {
  logger.error(stage, { stage, milliseconds: Math.round(milliseconds), eventId, error: error as Error })
}

/** Says that something that is no longer needed could not be removed. */
export function logLeftover(uri: string, error: unknown): void {
  logger.warn('leftover', { uri, error: error as Error })
}

/** Says that a schema could not be registered; the data it describes went on. */
export function logUnregistered(entity: string, error: unknown): void {
  logger.warn('schema not registered', { entity, error: error as Error })
}
