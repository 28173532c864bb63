import { HealthDegraded, HealthRecovered, type Outgoing } from '../../../events/catalog.js'
import { openKey } from '../../../shared/alerts/incident.js'
import { type Clock, iso } from '../../../shared/clock.js'
import type { Declared } from '../../../shared/declared.js'
import {
  HEALTH_MAX,
  HEALTH_PK,
  type HealthFinding,
  type HealthState,
  healthKey,
  isDegraded,
} from '../../../shared/health/finding.js'
import { judgeLane } from '../../../shared/health/judge.js'
import { measureLanes } from '../../../shared/health/measure.js'
import { absent, is, type Ledger } from '../../../shared/ledger.js'

export interface CheckHealthEffects {
  ledger: Pick<Ledger, 'get' | 'query' | 'write'>
  clock: Clock
  project: Pick<Declared, 'sources' | 'lanes'>
  publish(events: Outgoing[]): Promise<void>
}

/** A finding that has recovered is told of for 90 days. */
const REMEMBERED_SECONDS = 90 * 24 * 3_600

/**
 * Looks at all that is promised, and tells of each change once: first the ledger, then the bus. Of what is degraded and
 * in no incident it tells again, so that nothing is lost with an event; a recovery is seen by who looks after incidents.
 */
export async function checkHealth(effects: CheckHealthEffects): Promise<string> {
  const { ledger, clock, project } = effects
  const known = (await ledger.query(HEALTH_PK, { limit: HEALTH_MAX })).items as HealthState[]
  const before = new Map(known.map((state) => [state.finding, state]))
  const lanes = await measureLanes(effects, project)
  const findings = lanes.flatMap((lane) => judgeLane(project, lane, clock.now()))
  const bad = findings.filter(isDegraded)
  const badIds = new Set(bad.map(({ id }) => id))
  const told = { degraded: 0, recovered: 0 }
  for (const found of bad) if (await worsen(effects, found, before.get(found.id))) told.degraded += 1
  for (const state of known)
    if (state.state === 'degraded' && !badIds.has(state.finding))
      if (await recover(effects, state)) told.recovered += 1
  return `${findings.length} looked at, ${bad.length} degraded; told of ${told.degraded}, and of ${told.recovered} recovered`
}

/** Keeps that a finding is degraded, and tells of it where that is new or nobody has an incident of it. */
async function worsen(
  effects: CheckHealthEffects,
  found: HealthFinding,
  before?: HealthState,
): Promise<boolean> {
  const { ledger, clock, publish } = effects
  const { id, kind, subject, lane, level, cause, priority, reason } = found
  const was = before?.state === 'degraded' ? before : undefined
  const since = was?.since ?? iso(clock.now())
  // A cause names its level wherever a finding can have several.
  const isSame = was?.cause === cause
  if (isSame && (await ledger.get(openKey(cause)))) return false
  const state: HealthState = {
    ...{ ...healthKey(id), finding: id, kind, subject, lane, state: 'degraded', level, cause },
    ...{ priority, reason, since, version: (before?.version ?? 0) + 1 },
  }
  const when = [before ? is('version', before.version) : absent('PK')]
  // Two checks at once: the other one tells.
  if (!isSame && !(await ledger.write({ put: state, when })).done) return false
  const told = { finding: id, kind, subject, lane, cause, reason, since }
  if (was && was.cause !== cause) await publish([recovery(was)])
  await publish([
    { name: HealthDegraded.name, detail: { ...told, level: level as 'warn' | 'error', priority } },
  ])
  return true
}

async function recover({ ledger, clock, publish }: CheckHealthEffects, state: HealthState): Promise<boolean> {
  const { done } = await ledger.write({
    update: healthKey(state.finding),
    set: {
      ...{ state: 'ok', recoveredAt: iso(clock.now()), version: state.version + 1 },
      expiresAt: Math.floor(clock.now() / 1_000) + REMEMBERED_SECONDS,
    },
    when: [is('version', state.version)],
  })
  if (done) await publish([recovery(state)])
  return done
}

const recovery = ({ finding, kind, subject, lane, cause, reason, since }: HealthState): Outgoing => ({
  name: HealthRecovered.name,
  detail: { finding, kind, subject, lane, cause, reason, since },
})
