import {
  HttpError,
  NotFoundError,
  Router,
  UnauthorizedError,
} from '@aws-lambda-powertools/event-handler/http'
import * as z from 'zod'
import type { Declared } from '../../../shared/declared.js'
import { BadInput } from '../../../shared/errors.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { logFailure, logger } from '../../../shared/observe.js'
import type { Reports } from '../../../shared/work.js'
import { datasetsView } from './datasets.js'
import { type GoldRows, goldQuery } from './gold.js'
import { decodeNext, fileMark, runMark } from './paging.js'
import { quarantineView } from './quarantine.js'
import { runsView, runView } from './runs.js'
import { statusView } from './status.js'

export interface ApiEffects {
  project: Declared
  ledger: LedgerReader
  reports: Reports
  goldRows: GoldRows
  /** Whether a caller's bearer token is the right one; compared in constant time. */
  isToken(token: string): Promise<boolean>
}

const BEARER = /^Bearer ([\x21-\x7e]{1,256})$/

/** The read-only API: what ran, what there is, and the rows of gold. Every route asks for the bearer token. */
export function api(effects: ApiEffects): Router {
  const app = new Router({ logger })
  app.use(async ({ reqCtx, next }) => {
    const token = BEARER.exec(reqCtx.req.headers.get('authorization') ?? '')?.[1]
    if (!token || !(await effects.isToken(token)))
      throw new UnauthorizedError('send the API token as a bearer token')
    await next()
  })
  app.get('/status', () => statusView(effects))
  app.get('/runs', ({ req }) => runsView(effects, parameters(req, runsQuery)))
  app.get('/runs/:id', async ({ params }) => {
    const run = await runView(effects, String(params.id))
    if (!run) throw new NotFoundError(`there is no run "${params.id}"; GET /runs lists them`)
    return run
  })
  app.get('/datasets', () => datasetsView(effects))
  app.get('/quarantine', ({ req }) => quarantineView(effects, parameters(req, quarantineQuery)))
  app.get('/gold/:domain/:dataset', ({ req, params }) => gold(effects, req, params))
  app.errorHandler(BadInput, async (error) => ({
    statusCode: 400 as const,
    error: 'BadRequest',
    message: error.message,
    problems: error.problems,
  }))
  app.errorHandler(Error, async (error) => {
    if (error instanceof HttpError) return error.toWebResponse()
    logFailure('api', 0, error)
    return {
      statusCode: 500 as const,
      error: 'InternalServerError',
      message: 'this failed; the log says why',
    }
  })
  return app
}

async function gold(effects: ApiEffects, req: Request, params: Record<string, string>) {
  const { domain, dataset } = params
  const datasets = effects.project.lanes.flatMap((lane) => lane.datasets)
  const declared = datasets.find((one) => one.domain === domain && one.dataset === dataset)
  if (!declared)
    throw new NotFoundError(`there is no dataset "${domain}/${dataset}"; GET /datasets lists them`)
  return goldQuery(effects, declared, new URL(req.url).searchParams)
}

/** A page of a ledger index: how many, and where the page before stopped. */
const pageQuery = (mark: z.ZodType) =>
  z.strictObject({
    limit: z.coerce.number().int().min(1).max(200).default(50),
    next: z
      .string()
      .max(2_048)
      .transform((next) => JSON.stringify(decodeNext(next, mark)))
      .optional(),
  })
const quarantineQuery = pageQuery(fileMark)
const runsQuery = pageQuery(runMark).extend({
  kind: z.enum(['cleanse', 'build']).optional(),
  state: z
    .string()
    .regex(/^[A-Z]{1,20}$/)
    .optional(),
  subject: z.string().max(200).optional(),
})

/** The query parameters of a request, checked; unknown ones are an error. */
function parameters<S extends z.ZodType>(req: Request, schema: S): z.infer<S> {
  const answer = schema.safeParse(Object.fromEntries(new URL(req.url).searchParams))
  if (answer.success) return answer.data
  const problems = answer.error.issues.map((issue) => `${issue.path.join('.') || 'query'}: ${issue.message}`)
  throw new BadInput('this query cannot be answered', problems)
}
