import type * as z from 'zod'

/** An error that a retry may heal: contention, throttling, a service that is briefly away. */
export class TransientError extends Error {
  override readonly name: string = 'TransientError'
}

/** The ledger was contended or throttled: the caller lets the queue or Lambda bring the event back. */
export class Contention extends TransientError {
  override readonly name = 'Contention'
}

/** Some entries of a PutEvents call were refused; `codes` are EventBridge's, one for each refused entry. */
export class EventsRefused extends TransientError {
  override readonly name = 'EventsRefused'
  constructor(readonly codes: string[]) {
    super(`EventBridge refused ${codes.length} events: ${[...new Set(codes)].join(', ')}`)
  }
}

/** An error that no retry heals: a wrong setting, an event of an unknown shape. */
export class TerminalError extends Error {
  override readonly name: string = 'TerminalError'
}

/** An event or a setting does not have the shape that it must have; `problems` name the paths. */
export class BadInput extends TerminalError {
  override readonly name = 'BadInput'
  constructor(
    what: string,
    readonly problems: string[],
  ) {
    super(`${what}: ${problems.join('; ')}`)
  }
}

/** Content that another part of Sluice wrote, in its schema's shape. Throws `BadInput` when it is not. */
export function checked<S extends z.ZodType>(schema: S, content: unknown): z.infer<S> {
  const answer = schema.safeParse(content)
  if (answer.success) return answer.data
  const problems = answer.error.issues.map((issue) => `${issue.path.join('.') || 'report'}: ${issue.message}`)
  throw new BadInput('the report cannot be read', problems)
}

/** What no retry heals is a reason to park; everything else is thrown, and Lambda brings the event back. */
export function asRefusal(error: unknown): { refused: string } {
  if (error instanceof TerminalError) return { refused: error.message }
  throw error
}
