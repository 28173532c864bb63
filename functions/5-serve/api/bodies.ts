import { HttpError } from '@aws-lambda-powertools/event-handler/http'
import * as z from 'zod'
import { TransientError } from '../../../shared/errors.js'
import { inWords } from './in-words.js'

/** A body is a few words; a longer one is not read. */
const BODY_BYTES_MAX = 8_192

/** What a command is refused for: the ledger's state does not allow it. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
}

/** A body that is none: `problems` name the paths. */
export class BadBody extends Error {
  override readonly name = 'BadBody'
  constructor(readonly problems: string[]) {
    super(`this body cannot be read: ${problems.join('; ')}`)
  }
}

/** A body that is longer than any command's. */
class LongBody extends Error {
  override readonly name = 'LongBody'
  override readonly message = `a body has at most ${BODY_BYTES_MAX} bytes`
}

const by = z.string().trim().min(1).max(200)
const why = z.string().trim().min(1).max(1_000)
const runId = z.string().regex(/^[0-9a-z]{26}$/, 'a run id has 26 lower-case letters and digits')
const fileId = z.string().regex(/^[0-9a-f]{64}$/, 'a file id has 64 hexadecimal digits')

export const retryBody = z.strictObject({ by, why: why.optional() })
export const approveBody = z.strictObject({ by, why })
export const rollbackBody = z.strictObject({
  to: z
    .string()
    .regex(/^[0-9a-z]{26}-[0-9]{1,6}$/, 'an edition is a run id, a hyphen and an attempt')
    .optional()
    .describe('The edition to show; the one before the shown one when left out.'),
  by,
  why,
})
export const replayBody = z
  .strictObject({ by, runId: runId.optional(), fileId: fileId.optional() })
  .refine((body) => (body.runId === undefined) !== (body.fileId === undefined), {
    path: ['runId'],
    message: 'name either runId or fileId',
  })

/** The JSON body of a request in its schema's shape. Throws `BadBody` with field paths, or `LongBody`. */
export async function bodyOf<S extends z.ZodType>(req: Request, schema: S): Promise<z.infer<S>> {
  const text = await req.text()
  if (Buffer.byteLength(text) > BODY_BYTES_MAX) throw new LongBody()
  const answer = schema.safeParse(json(text), { error: inWords })
  if (answer.success) return answer.data
  throw new BadBody(answer.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`))
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadBody(['body: this is no JSON'])
  }
}

const json422 = { error: 'UnprocessableEntity' } as const

/** What a refused command answers, or nothing for another error. */
export function refusal(error: Error) {
  if (error instanceof HttpError) return error.toWebResponse()
  const { message } = error
  if (error instanceof Conflict) return { statusCode: 409 as const, error: 'Conflict', message }
  if (error instanceof TransientError && error.name === 'TooSlow')
    return { statusCode: 504 as const, error: 'GatewayTimeout', message }
  if (error instanceof LongBody) return { statusCode: 413 as const, error: 'ContentTooLarge', message }
  if (error instanceof BadBody)
    return { statusCode: 422 as const, ...json422, message, problems: error.problems }
  return undefined
}
