import { NotFoundError, Router, UnauthorizedError } from '@aws-lambda-powertools/event-handler/http'
import type { Clock } from '../../../shared/clock.js'
import type { Declared } from '../../../shared/declared.js'
import { BadInput } from '../../../shared/errors.js'
import type { Ledger, LedgerReader } from '../../../shared/ledger.js'
import { logFailure, logger } from '../../../shared/observe.js'
import type { Reports } from '../../../shared/work.js'
import type { BackfillCommandEffects } from './backfill-commands.js'
import { approveBody, bodyOf, refusal, replayBody, retryBody } from './bodies.js'
import { approve, replay, retry } from './commands.js'
import { type CompactEffects, compactions } from './compactions.js'
import type { DashboardEffects } from './dashboards.js'
import { datasetsView } from './datasets.js'
import { editions } from './edition-routes.js'
import { type ForgetEffects, forget, forgetBody } from './forget.js'
import { type GoldRows, goldQuery } from './gold.js'
import { health } from './health-routes.js'
import { incidentsView } from './incidents.js'
import { intake } from './intake-routes.js'
import document from './openapi.json' with { type: 'json' }
import { quarantineView } from './quarantine.js'
import { incidentsQuery, parameters, quarantineQuery, rejectedQuery, runsQuery, whyQuery } from './queries.js'
import { type RejectedEffects, rejectedRows } from './rejected-rows.js'
import { runsView, runView } from './runs.js'
import { statusView } from './status.js'
import { syncView } from './syncs.js'
import { type WhyEffects, why } from './why/why.js'

export interface ApiEffects
  extends ForgetEffects,
    BackfillCommandEffects,
    DashboardEffects,
    CompactEffects,
    RejectedEffects,
    WhyEffects {
  project: Declared
  clock: Clock
  ledger: LedgerReader & Pick<Ledger, 'write'>
  reports: Reports
  goldRows: GoldRows
  /** Whether a caller's bearer token is the right one; compared in constant time. */
  isToken(token: string): Promise<boolean>
}

/** The API’s own description holds nothing that anybody must not know. */
const OPEN_PATH = '/openapi.json'
const BEARER = /^Bearer ([\x21-\x7e]{1,256})$/

/**
 * What ran, what there is, why, the rows of gold, and a person's requests. It writes nothing but backfills and the events
 * of these requests. Every route but the document asks for the bearer token.
 */
export function api(effects: ApiEffects): Router {
  const app = new Router({ logger })
  app.use(async ({ reqCtx, next }) => {
    if (new URL(reqCtx.req.url).pathname === OPEN_PATH) return next()
    const token = BEARER.exec(reqCtx.req.headers.get('authorization') ?? '')?.[1]
    if (!token || !(await effects.isToken(token)))
      throw new UnauthorizedError('send the API token as a bearer token')
    await next()
  })
  views(app, effects)
  commands(app, effects)
  intake(app, effects)
  editions(app, effects)
  health(app, effects)
  compactions(app, effects)
  app.errorHandler(BadInput, async (error) => ({
    statusCode: 400 as const,
    error: 'BadRequest',
    message: error.message,
    problems: error.problems,
  }))
  app.errorHandler(Error, async (error) => {
    const refused = refusal(error)
    if (refused) return refused
    logFailure('api', 0, error)
    return {
      statusCode: 500 as const,
      error: 'InternalServerError',
      message: 'this failed; the log says why',
    }
  })
  return app
}

function views(app: Router, effects: ApiEffects): void {
  app.get(OPEN_PATH, () => document)
  app.get('/status', () => statusView(effects))
  app.get('/runs', ({ req }) => runsView(effects, parameters(req, runsQuery)))
  app.get('/runs/:id', async ({ params }) => found(await runView(effects, String(params.id)), params.id))
  app.get('/syncs/:id', async ({ params }) => {
    const view = await syncView(effects, String(params.id))
    if (!view) throw new NotFoundError(`there is no sync "${params.id}"`)
    return view
  })
  app.get('/datasets', () => datasetsView(effects))
  app.get('/incidents', ({ req }) => incidentsView(effects, parameters(req, incidentsQuery)))
  app.get('/quarantine', ({ req }) => quarantineView(effects, parameters(req, quarantineQuery)))
  app.get('/quarantine/:runId', async ({ req, params }) => {
    const query = parameters(req, rejectedQuery)
    return found(await rejectedRows(effects, String(params.runId), query), params.runId)
  })
  app.get('/why', async ({ req }) => {
    const { subject } = parameters(req, whyQuery)
    const answer = await why(effects, subject)
    if ('unknown' in answer) throw new NotFoundError(answer.unknown)
    return answer
  })
  app.get('/gold/:domain/:dataset', ({ req, params }) => gold(effects, req, params))
}

function commands(app: Router, effects: ApiEffects): void {
  app.post('/runs/:id/retry', async ({ req, params }) =>
    retry(effects, String(params.id), await bodyOf(req, retryBody)),
  )
  app.post('/runs/:id/approve', async ({ req, params }) =>
    approve(effects, String(params.id), await bodyOf(req, approveBody)),
  )
  app.post('/entities/:entity/forget', async ({ req, params }) =>
    forget(effects, String(params.entity), await bodyOf(req, forgetBody)),
  )
  app.post('/quarantine/replay', async ({ req }) => replay(effects, await bodyOf(req, replayBody)))
}

function found<T>(view: T | undefined, runId: unknown): T {
  if (view === undefined) throw new NotFoundError(`there is no run "${runId}"; GET /runs lists them`)
  return view
}

/** What there is where a dataset was asked for that there is not: of its domain, or which domains there are. */
function instead(datasets: { domain: string; dataset: string }[], domain: string | undefined): string {
  const own = datasets.filter((one) => one.domain === domain)
  return own.length > 0
    ? `${domain} has ${own.map((one) => one.dataset).join(', ')}`
    : `there are the domains ${[...new Set(datasets.map((one) => one.domain))].join(', ')}`
}

async function gold(effects: ApiEffects, req: Request, params: Record<string, string>) {
  const { domain, dataset } = params
  const datasets = effects.project.lanes.flatMap((lane) => lane.datasets)
  const declared = datasets.find((one) => one.domain === domain && one.dataset === dataset)
  if (!declared)
    throw new NotFoundError(`there is no dataset "${domain}/${dataset}"; ${instead(datasets, domain)}`)
  return goldQuery(
    effects,
    { domain: declared.domain, dataset: declared.dataset },
    new URL(req.url).searchParams,
  )
}
