import type { Router } from '@aws-lambda-powertools/event-handler/http'
import { bodyOf, rollbackBody } from './bodies.js'
import { type DiffEffects, diffView } from './diff.js'
import { editionsView, rollback } from './editions.js'
import { diffQuery, editionsQuery, parameters } from './queries.js'

/** The routes of a domain's editions. */
export function editions(app: Router, effects: DiffEffects): void {
  app.get('/domains/:domain/editions', ({ req, params }) =>
    editionsView(effects, String(params.domain), parameters(req, editionsQuery)),
  )
  app.get('/domains/:domain/diff', ({ req, params }) =>
    diffView(effects, String(params.domain), parameters(req, diffQuery)),
  )
  app.post('/domains/:domain/rollback', async ({ req, params }) =>
    rollback(effects, String(params.domain), await bodyOf(req, rollbackBody)),
  )
}
