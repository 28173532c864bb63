import { NotFoundError } from '@aws-lambda-powertools/event-handler/http'
import { openIncidents } from '../../../shared/alerts/incident.js'
import type { Declared } from '../../../shared/declared.js'
import { rowsBefore } from '../../../shared/health/judge.js'
import { measureLane } from '../../../shared/health/measure.js'
import { HISTORY_MAX, judgeRows } from '../../../shared/health/rows.js'
import { laneName } from '../../../shared/lane.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { QUALITY_PREFIX, type Quality, qualityKey } from '../../../shared/quality.js'
import { attemptPath } from '../../../shared/run.js'
import { encodeNext } from './paging.js'

export interface QualityEffects {
  project: Declared
  ledger: LedgerReader
}

/** The quality of a domain: a score for each build, newest first, rows against their history, and what is processed. */
export async function qualityView(
  { project, ledger }: QualityEffects,
  domain: string,
  { limit, next }: { limit: number; next?: string | undefined },
) {
  const lane = project.lanes.find(({ domains }) => domains.includes(domain))
  if (!lane) throw new NotFoundError(`there is no domain "${domain}"; GET /status lists them`)
  const prefix = { prefix: QUALITY_PREFIX, newestFirst: true }
  const [page, measured, incidents] = await Promise.all([
    // What comes after this page is the history that its last builds are judged by.
    ledger.query(qualityKey(domain, '').PK, { ...prefix, limit, ...(next && { after: next }) }),
    measureLane({ ledger }, lane),
    openIncidents({ ledger }),
  ])
  const builds = page.items as Quality[]
  const beyond = page.next
    ? await ledger.query(qualityKey(domain, '').PK, { ...prefix, limit: HISTORY_MAX, after: page.next })
    : { items: [] }
  const all = [...builds, ...(beyond.items as Quality[])]
  const entities = measured.entities.map(({ entity, count, built, rows }) => {
    const held = incidents.filter(
      ({ lanes, note, health }) => !note && !health && lanes.includes(laneName('cleanse', entity)),
    )
    const expected = rows.in - rows.duplicates
    return {
      entity,
      runs: { expected: count, processed: built, held: held.reduce((sum, { runs }) => sum + runs.length, 0) },
      rows: { ...rows, share: expected === 0 ? null : rows.out / expected },
    }
  })
  return {
    domain,
    builds: builds.map((build, place) => shown(build, all.slice(place + 1))),
    completeness: {
      complete: entities.every(({ runs }) => runs.processed === runs.expected && runs.held === 0),
      entities,
    },
    next: encodeNext(page.next),
  }
}

function shown(
  { runId, edition, begunAt, verdict, score, tests, failed, datasets }: Quality,
  before: Quality[],
) {
  // An edition is named by the run and the attempt that made it; its tests may be of a later run.
  const [builtBy = runId, attempt = '1'] = edition.split('-')
  return {
    ...{ runId, edition, begunAt, verdict, score, tests, failed },
    datasets: (datasets ?? []).map((one) => {
      const { anomalous, usual } = judgeRows(one.rows, rowsBefore(before, one.dataset, one.version))
      return { ...one, anomalous: usual ? anomalous : null, usual: usual ?? null }
    }),
    artifacts: attemptPath(builtBy, Number(attempt)),
  }
}
