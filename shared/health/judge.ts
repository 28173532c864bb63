import type { Declared, Freshness, Objective } from '../declared.js'
import { laneName } from '../lane.js'
import type { Quality } from '../quality.js'
import { HEALTH_PRIORITIES, type HealthFinding, type HealthKind, type Level } from './finding.js'
import { earliest, type MeasuredDomain, type MeasuredLane } from './measure.js'
import { HISTORY_MAX, judgeRows } from './rows.js'

/** What is well and what is not, decided from measures and the time alone. */

/** What took too long is held against a domain for a day, unless the next edition was in time. */
const REMEMBERED_SECONDS = 24 * 3_600

const agedSeconds = (at: string | undefined, now: number): number | null =>
  at === undefined ? null : Math.max(0, Math.round((now - Date.parse(at)) / 1_000))

type Judged = Pick<HealthFinding, 'level' | 'measured' | 'limit' | 'reason' | 'cause'> &
  Pick<Partial<HealthFinding>, 'detail' | 'priority'>

function finding(kind: HealthKind, subject: string, lane: string, judged: Judged): HealthFinding {
  const priority = HEALTH_PRIORITIES[kind][judged.level === 'error' ? 'error' : 'warn']
  return { id: `${kind}:${subject}`, kind, subject, lane, priority, ...judged }
}

/** All findings of a lane, good and bad, at a time in ms since 1970. */
export function judgeLane(
  project: Pick<Declared, 'sources'>,
  measured: MeasuredLane,
  now: number,
): HealthFinding[] {
  const { lane, domains } = measured
  const name = laneName('build', lane.lane)
  const lag = lagOf(measured, name, now)
  const isLate = lag.level === 'error'
  return [
    ...(lane.freshness ?? []).map((one) => freshnessOf(project, measured, one, now)),
    lag,
    ...(lane.objectives ?? []).map((one) => objectiveOf(measured, name, one, { now, isLate })),
    ...domains.map((one) => testsOf(one, name)),
    ...domains.flatMap((one) => rowsOf(one, name)),
  ]
}

/** How old the newest row of a source table is: of the lake by the ledger, of a warehouse as dbt found it. */
function freshnessOf(
  project: Pick<Declared, 'sources'>,
  { lane, state, entities }: MeasuredLane,
  { source, table, warnSeconds, errorSeconds, page }: Freshness,
  now: number,
): HealthFinding {
  const entity = source === 'lake' ? entities.find((one) => one.entity === table) : undefined
  const subject = `${source}.${table}`
  const measured = agedSeconds(entity ? entity.newestAt : state?.loadedAt?.[subject], now)
  const beyond = (limit: number | null) => limit !== null && measured !== null && measured > limit
  const level: Level =
    measured === null ? 'unknown' : beyond(errorSeconds) ? 'error' : beyond(warnSeconds) ? 'warn' : 'ok'
  const limit = level === 'error' ? errorSeconds : (warnSeconds ?? errorSeconds)
  const reason =
    measured === null
      ? `nothing of ${subject} has come yet`
      : `the newest row of ${subject} is ${minutes(measured)} old${allowed(limit)}`
  const feeding = Object.entries(project.sources).filter(([, { feeds }]) =>
    feeds.some((feed) => entity && feed.entity === table),
  )
  // Tables that one source brings grow stale together.
  const who = feeding.length === 1 ? feeding[0]?.[0] : subject
  const cause = `stale:${who}:${level}`
  const where = entity ? laneName('cleanse', table) : laneName('build', lane.lane)
  const paged = page && level === 'warn' && { priority: HEALTH_PRIORITIES.source.error }
  return finding('source', subject, where, { level, measured, limit, reason, cause, ...paged })
}

const minutes = (seconds: number) => `${Math.round(seconds / 60).toLocaleString('en')} min`
/** A lane need not promise anything: then nothing is said of a bound. */
const allowed = (limit: number | null) => (limit === null ? '' : `; ${minutes(limit)} are allowed`)

/** How long what is in silver, or was synced, has waited to be with readers. */
function lagOf({ lane, entities, domains, waitingSince }: MeasuredLane, name: string, now: number) {
  const since = earliest([
    waitingSince,
    ...entities.map(({ unbuiltSince }) => unbuiltSince),
    ...domains.map(({ unpublishedSince }) => unpublishedSince),
  ])
  const measured = agedSeconds(since, now) ?? 0
  const limit = lane.lagSeconds ?? null
  const level: Level = limit !== null && measured > limit ? 'error' : 'ok'
  const reason =
    measured === 0
      ? `nothing waits for a build of ${lane.lane}`
      : `what came ${minutes(measured)} ago is not built and published yet${allowed(limit)}`
  return finding('lag', lane.lane, name, { level, measured, limit, reason, cause: `late:${lane.lane}` })
}

/** Whether data is with readers as soon as it was promised, from its arrival: what waits now, and what came last. */
function objectiveOf(
  { lane, entities, domains, waitingSince }: MeasuredLane,
  name: string,
  objective: Objective,
  { now, isLate }: { now: number; isLate: boolean },
): HealthFinding {
  const { seconds: limit, class: kind } = objective
  const own = domains.filter(({ domain }) => objective.domains.includes(domain))
  const since = earliest([
    waitingSince,
    ...entities.flatMap(({ unbuiltSince, uncleansedSince }) => [unbuiltSince, uncleansedSince]),
    ...own.map(({ unpublishedSince }) => unpublishedSince),
  ])
  const waitingSeconds = agedSeconds(since, now)
  const last = own.flatMap((one) => tookSeconds(one, now) ?? [])
  const lastSeconds = last.length > 0 ? Math.max(...last.map(({ seconds }) => seconds)) : null
  const recent = last.filter(({ isRecent }) => isRecent).map(({ seconds }) => seconds)
  const measured = Math.max(waitingSeconds ?? 0, ...recent)
  const level: Level = measured > limit ? 'warn' : last.length === 0 && since === undefined ? 'unknown' : 'ok'
  const reason = `data of ${objective.name} (${kind}) takes ${minutes(measured)} to its readers, and ${minutes(limit)} were promised`
  // What is late in its lane already needs no second telling.
  const cause = isLate ? `late:${lane.lane}` : `objective:${lane.lane}`
  const detail = { waitingSeconds, lastSeconds }
  const priority = HEALTH_PRIORITIES[isLate ? 'lag' : 'objective'].error
  return finding('objective', objective.name, name, {
    level,
    measured,
    limit,
    reason,
    cause,
    detail,
    priority,
  })
}

/** How long the data of the shown edition took from its arrival to its readers. */
function tookSeconds({ edition }: MeasuredDomain, now: number) {
  const { publishedAt, arrivedAt } = edition ?? {}
  if (!publishedAt || !arrivedAt) return undefined
  const seconds = agedSeconds(arrivedAt, Date.parse(publishedAt)) ?? 0
  return { seconds, isRecent: now - Date.parse(publishedAt) <= REMEMBERED_SECONDS * 1_000 }
}

const ran = ({ tests: { error, warn } }: Quality) => error.passed + error.failed + warn.passed + warn.failed

/** Whether the checks of a domain's last build passed that ran any: one that had nothing to build says nothing. */
function testsOf({ domain, builds }: MeasuredDomain, name: string): HealthFinding {
  const last = builds.find((build) => ran(build) > 0)
  const subject = domain
  const lane = name.slice('build:'.length)
  if (!last) {
    const reason = `no build of ${domain} has run checks yet`
    return finding('tests', subject, name, {
      ...{ level: 'unknown', measured: null, limit: 0, reason, cause: `tests:${lane}:unknown` },
    })
  }
  const { error, warn } = last.tests
  const measured = error.failed + warn.failed
  // What a person has let through is known to somebody.
  const isHeld = error.failed > 0 && last.verdict !== 'passed'
  const level: Level = isHeld ? 'error' : measured > 0 ? 'warn' : 'ok'
  const named = last.failed.slice(0, 3).map(({ test, model }) => `${test} on ${model}`)
  const reason =
    measured === 0
      ? `all ${ran(last)} checks passed`
      : `${measured} of ${ran(last)} checks failed in run ${last.runId}: ${named.join(', ')}`
  return finding('tests', subject, name, {
    level,
    measured,
    limit: 0,
    reason,
    cause: `tests:${lane}:${level}`,
  })
}

/** Whether each dataset that readers see has as many rows as its past lets expect. */
function rowsOf({ domain, edition, builds }: MeasuredDomain, name: string): HealthFinding[] {
  const place = builds.findIndex(({ edition: one }) => edition?.SK === `EDITION#${one}`)
  const shown = builds[place]
  if (!shown) return []
  const lane = name.slice('build:'.length)
  const before = builds.slice(place + 1)
  return (shown.datasets ?? []).map(({ dataset, version, rows }) => {
    const history = rowsBefore(before, dataset, version)
    const { anomalous, usual } = judgeRows(rows, history)
    const level: Level = usual ? (anomalous ? 'error' : 'ok') : 'unknown'
    const reason = usual
      ? `${dataset} has ${rows.toLocaleString('en')} rows; from ${usual.from.toLocaleString('en')} to ${usual.to.toLocaleString('en')} are usual`
      : `${dataset} has ${rows.toLocaleString('en')} rows; ${history.length} editions before are too few to judge`
    const limit = usual ? (rows < usual.from ? usual.from : usual.to) : null
    const subject = `${domain}/${dataset}${version === 1 ? '' : `@${version}`}`
    return finding('rows', subject, name, { level, measured: rows, limit, reason, cause: `rows:${lane}` })
  })
}

/** The rows of a dataset in the passed builds before, newest first. */
export const rowsBefore = (before: Quality[], dataset: string, version: number): number[] =>
  before
    .flatMap(({ datasets = [] }) =>
      datasets.filter((one) => one.dataset === dataset && one.version === version),
    )
    .map(({ rows }) => rows)
    .slice(0, HISTORY_MAX)
