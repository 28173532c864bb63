import { NotFoundError, type Router } from '@aws-lambda-powertools/event-handler/http'
import type { Ask } from '../../../shared/backfill/backfill.js'
import { askBackfill, type BackfillCommandEffects, backfill } from './backfill-commands.js'
import { backfillsView, backfillView } from './backfills.js'
import { bodyOf } from './bodies.js'
import { askBody, backfillBody, buildBody, extractBody } from './intake-bodies.js'
import { build, extract } from './intake-commands.js'
import { backfillQuery, backfillsQuery, parameters } from './queries.js'

/** The routes of what a person brings in: backfills, extractions, builds. */
export function intake(app: Router, effects: BackfillCommandEffects): void {
  app.get('/backfills', ({ req }) => backfillsView(effects, parameters(req, backfillsQuery)))
  app.get('/backfills/:id', async ({ req, params }) => {
    const { limit, next } = parameters(req, backfillQuery)
    const view = await backfillView(effects, String(params.id), { limit, place: next?.place ?? 0 })
    if (!view) throw new NotFoundError(`there is no backfill "${params.id}"; GET /backfills lists them`)
    return view
  })
  app.post('/backfills', async ({ req }) => backfill(effects, await bodyOf(req, backfillBody)))
  const ask = (what: Ask) => async (request: { req: Request; params: Record<string, string> }) =>
    askBackfill(effects, String(request.params.id), what, await bodyOf(request.req, askBody))
  app.post('/backfills/:id/pause', ask('pause'))
  app.post('/backfills/:id/resume', ask('resume'))
  app.post('/backfills/:id/cancel', ask('cancel'))
  app.post('/sources/:source/extract', async ({ req, params }) =>
    extract(effects, String(params.source), await bodyOf(req, extractBody)),
  )
  app.post('/domains/:domain/build', async ({ req, params }) =>
    build(effects, String(params.domain), await bodyOf(req, buildBody)),
  )
}
