import type { Router } from '@aws-lambda-powertools/event-handler/http'
import { type DashboardEffects, dashboardsView, dashboardView } from './dashboards.js'
import { type HealthEffects, healthView } from './health.js'
import { qualityView } from './quality.js'
import { parameters, qualityQuery } from './queries.js'

/** The routes of how the data is, and of what dashboards read. */
export function health(app: Router, effects: HealthEffects & DashboardEffects): void {
  app.get('/health', () => healthView(effects))
  app.get('/quality/:domain', ({ req, params }) =>
    qualityView(effects, String(params.domain), parameters(req, qualityQuery)),
  )
  app.get('/dashboards', () => dashboardsView(effects))
  app.get('/dashboards/:dashboard', ({ req, params }) =>
    dashboardView(effects, String(params.dashboard), req.headers.get('if-none-match')),
  )
}
