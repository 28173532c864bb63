import { buildState, goldPointerKey } from '../../../shared/build.js'
import { silverCount } from '../../../shared/cleanse.js'
import type { Declared } from '../../../shared/declared.js'
import { holdKey, laneKind, laneName, laneSubject, REGISTRY_PK } from '../../../shared/lane.js'
import type { LedgerReader } from '../../../shared/ledger.js'

const LANES_MAX = 200
/** Counting stops here: "1000" then means that many or more. */
const COUNTED_MAX = 1_000

interface StatusEffects {
  project: Declared
  ledger: LedgerReader
}

/** What is under way and what waits: each lane with its run, its queue and, for builds, what no build has seen yet. */
export async function statusView(effects: StatusEffects) {
  const registry = await effects.ledger.query(REGISTRY_PK, { limit: LANES_MAX })
  const lanes = await Promise.all(registry.items.map(({ SK }) => laneStatus(effects, SK)))
  const domains = effects.project.lanes.flatMap((lane) =>
    lane.domains.map((domain) => ({ domain, lane: lane.lane })),
  )
  return { lanes, domains: await Promise.all(domains.map((one) => domainStatus(effects, one))) }
}

async function laneStatus(effects: StatusEffects, lane: string) {
  const { ledger } = effects
  const [hold, waiting] = await Promise.all([
    ledger.get(holdKey(lane)),
    ledger.query(`LANE#${lane}`, { prefix: 'WAIT#', limit: COUNTED_MAX }),
  ])
  const kind = laneKind(lane)
  return {
    lane,
    kind,
    subject: laneSubject(lane),
    runId: hold?.holder ?? null,
    waiting: waiting.items.length,
    ...(kind === 'build' && { unbuilt: await unbuilt(effects, lane) }),
  }
}

/** Committed silver runs that the lane's last good build has not read. */
async function unbuilt({ ledger, project }: StatusEffects, lane: string): Promise<number> {
  const state = await buildState(ledger, lane)
  const entities = project.lanes.find((one) => one.lane === laneSubject(lane))?.entities ?? []
  const counts = await Promise.all(entities.map((entity) => silverCount(ledger, entity)))
  return entities.reduce(
    (sum, entity, place) => sum + (counts[place] ?? 0) - (state?.silverRuns[entity] ?? 0),
    0,
  )
}

async function domainStatus({ ledger }: StatusEffects, { domain, lane }: { domain: string; lane: string }) {
  const [pointer, state] = await Promise.all([
    ledger.get(goldPointerKey(domain)),
    buildState(ledger, laneName('build', lane)),
  ])
  return {
    domain,
    edition: pointer?.edition ?? null,
    publishedAt: pointer?.publishedAt ?? null,
    rollback: pointer?.rollback ?? null,
    // Of a domain that nobody has built yet there is nothing to be current.
    isCurrent: pointer || state?.ordinal ? (pointer?.ordinal ?? 0) === (state?.ordinal ?? 0) : null,
  }
}
