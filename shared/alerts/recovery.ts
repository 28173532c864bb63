import { buildStateKey, goldPointerKey } from '../build.js'
import { compactStateKey } from '../compact.js'
import { extractLane, extractStateKey } from '../extract.js'
import { HEALTH_MAX, HEALTH_PK, type HealthState } from '../health/finding.js'
import type { Item } from '../ledger.js'
import { isOfNoLasting } from '../modes.js'
import { type Run, runKey } from '../run.js'
import { alarmKey, type Incident, type IncidentEffects, type Note } from './incident.js'

/** How often a run may have been put back; `inputs.ts` refuses more. */
const PUT_BACKS_MAX = 20

/** Whether nothing of an incident is unresolved any more. What the ledger says counts, not the event that woke us. */
export async function isOver(effects: IncidentEffects, incident: Incident): Promise<boolean> {
  if (incident.alarm) return (await effects.ledger.get(alarmKey(incident.alarm)))?.value === 'OK'
  if (incident.health) return isHealthy(effects, incident)
  if (incident.note) return isNoted(effects, incident, incident.note)
  for (const runId of incident.runs) {
    const run = (await effects.ledger.get(runKey(runId))) as Run | undefined
    if (!run || !(await isResolved(effects, run))) return false
  }
  return true
}

/** Health is recovered when no finding has the incident's cause any more. */
async function isHealthy({ ledger }: IncidentEffects, { cause }: Incident): Promise<boolean> {
  const { items } = await ledger.query(HEALTH_PK, { limit: HEALTH_MAX })
  return !(items as HealthState[]).some((one) => one.state === 'degraded' && one.cause === cause)
}

/** A note stays until the contract knows its columns, and a week at most: it waits for nobody. */
const NOTE_SECONDS = 7 * 24 * 3_600
function isNoted(
  { project, clock }: IncidentEffects,
  { openedAt }: Incident,
  { entity, columns }: Note,
): boolean {
  const declared = (project.entities[entity]?.columns ?? []).map(({ name }) => name)
  const isOld = clock.now() - Date.parse(openedAt) >= NOTE_SECONDS * 1_000
  return isOld || columns.every((name) => declared.includes(name))
}

/** Whether what a failed run should have done is done: its inputs are in silver, or a later run has made up for it. */
async function isResolved(effects: IncidentEffects, run: Run): Promise<boolean> {
  if (run.kind === 'build')
    return (isOfNoLasting(run) && (await isCommitted(effects, run))) || hasLaterBuild(effects, run)
  if (await isCommitted(effects, run)) return true
  // What one compaction left, the next one takes along.
  if (run.kind === 'compact')
    return isLater(effects, run, await effects.ledger.get(compactStateKey(run.subject)))
  return run.kind === 'extract' && hasLaterExtract(effects, run)
}

/** What one plain extraction missed, the next good one brings. A window is brought by a run of its own only. */
async function hasLaterExtract({ ledger }: IncidentEffects, run: Run): Promise<boolean> {
  if (run.window || run.lane !== extractLane(run.subject)) return false
  return isLater({ ledger }, run, await ledger.get(extractStateKey(run.subject)))
}

/** A run's inputs are resolved where they ended: in the run into which they were put back. */
async function isCommitted({ ledger }: IncidentEffects, first: Run): Promise<boolean> {
  let run: Run | undefined = first
  for (let putBacks = 0; run && putBacks <= PUT_BACKS_MAX; putBacks += 1) {
    if (run.state !== 'REPLAYED' || !run.into) return run.state === 'COMMITTED'
    run = (await ledger.get(runKey(String(run.into)))) as Run | undefined
  }
  return false
}

/**
 * A later build of the lane takes in all silver. Where a deployment took the lane away before one came, those say it that
 * build its domains now, and of a domain that no lane builds any more what readers see.
 */
async function hasLaterBuild({ ledger, project }: IncidentEffects, run: Run): Promise<boolean> {
  if (await isLater({ ledger }, run, await ledger.get(buildStateKey(run.lane)))) return true
  if (project.lanes.some(({ lane }) => lane === run.subject)) return false
  const keys = run.subject.split('+').map((domain) => {
    const heir = project.lanes.find(({ domains }) => domains.includes(domain))
    return heir ? buildStateKey(`build:${heir.lane}`) : goldPointerKey(domain)
  })
  const newest = await Promise.all(keys.map((key) => ledger.get(key)))
  const later = await Promise.all(newest.map((item) => isLater({ ledger }, run, item)))
  return later.every(Boolean)
}

/** Builds of a lane are numbered through; one that failed before it knew its number is compared by time. */
async function isLater({ ledger }: Pick<IncidentEffects, 'ledger'>, run: Run, newest: Item | undefined) {
  if (!newest) return false
  // A pointer that was rolled back names an older edition than the newest that it ever named.
  if (run.base !== undefined) return Number(newest.newest ?? newest.ordinal) > Number(run.base)
  const builtBy = String(newest.builtBy ?? newest.newestRunId ?? newest.runId)
  const builder = (await ledger.get(runKey(builtBy))) as Run | undefined
  return builder !== undefined && builder.createdAt > run.createdAt
}
