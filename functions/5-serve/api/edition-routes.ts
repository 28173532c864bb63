import type { Router } from '@aws-lambda-powertools/event-handler/http'
import { bodyOf, rollbackBody } from './bodies.js'
import { type EditionEffects, editionsView, rollback } from './editions.js'
import { editionsQuery, parameters } from './queries.js'

/** The routes of a domain's editions. */
export function editions(app: Router, effects: EditionEffects): void {
  app.get('/domains/:domain/editions', ({ req, params }) =>
    editionsView(effects, String(params.domain), parameters(req, editionsQuery)),
  )
  app.post('/domains/:domain/rollback', async ({ req, params }) =>
    rollback(effects, String(params.domain), await bodyOf(req, rollbackBody)),
  )
}
