import { type Clock, iso } from '../../../shared/clock.js'
import type { Declared } from '../../../shared/declared.js'
import {
  HEALTH_MAX,
  HEALTH_PK,
  type HealthFinding,
  type HealthState,
  isDegraded,
} from '../../../shared/health/finding.js'
import { judgeLane } from '../../../shared/health/judge.js'
import { measureLanes } from '../../../shared/health/measure.js'
import type { LedgerReader } from '../../../shared/ledger.js'

export interface HealthEffects {
  project: Declared
  ledger: LedgerReader
  clock: Pick<Clock, 'now'>
}

/**
 * How the data is now: every finding, measured as it is asked, worst first; `since` is when the stage that looks every
 * 15 minutes saw it, absent while it has not yet.
 */
export async function healthView({ project, ledger, clock }: HealthEffects) {
  const now = clock.now()
  const [lanes, known] = await Promise.all([
    measureLanes({ ledger }, project),
    ledger.query(HEALTH_PK, { limit: HEALTH_MAX }),
  ])
  const states = new Map((known.items as HealthState[]).map((state) => [state.finding, state]))
  const findings = lanes
    .flatMap((lane) => judgeLane(project, lane, now))
    .map((found) => ({ ...shown(found), ...sinceOf(states.get(found.id)) }))
    .sort((a, b) => RANKS.indexOf(a.level) - RANKS.indexOf(b.level))
  const degraded = findings.filter(isDegraded).length
  return { at: iso(now), healthy: degraded === 0, degraded, findings }
}

const RANKS: HealthFinding['level'][] = ['error', 'warn', 'ok', 'unknown']

const shown = ({
  kind,
  subject,
  level,
  measured,
  limit,
  reason,
  priority,
  detail,
  cause,
}: HealthFinding) => ({
  ...{
    kind,
    subject,
    level,
    measured,
    limit,
    unit: kind === 'rows' ? 'rows' : kind === 'tests' ? 'tests' : 'seconds',
  },
  reason,
  ...(isDegraded({ level }) && { priority, cause }),
  ...(detail && { detail }),
})

const sinceOf = (state?: HealthState) => (state?.state === 'degraded' ? { since: state.since } : {})
