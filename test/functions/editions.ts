import { goldMoved } from '../../functions/4-publish/publish-gold/publish-gold.js'
import { editionKey, goldPointerKey } from '../../shared/build.js'
import type { Edition, Pointer } from '../../shared/editions.js'
import type { Parts } from '../fakes/parts.js'
import { buildReportOf } from '../fakes/work.js'

/** The id of the edition that the build of this ordinal made. */
export const named = (ordinal: number) => `r${String(ordinal).padStart(25, '0')}-1`

type Change = (report: ReturnType<typeof buildReportOf>) => ReturnType<typeof buildReportOf>

/** What a build of both domains leaves, begun at the clock's time; `change` its report. Gives the event of it. */
export async function built(
  { ledger, artifacts, clock }: Parts,
  ordinal: number,
  change: Change = (one) => one,
) {
  const edition = named(ordinal)
  const runId = edition.slice(0, -2)
  const plan = { run_id: runId, attempt: 1, edition, database_out: 's3://artifacts/db', silver: {} }
  const report = change(buildReportOf(plan))
  for (const domain of ['finance', 'risk'])
    await ledger.write({
      put: {
        ...editionKey(domain, edition),
        ...{ ordinal, runId, attempt: 1, state: 'passed', begunAt: new Date(clock.now()).toISOString() },
        datasets: report.datasets
          .filter((one) => one.domain === domain)
          .map(({ dataset, version, rows, location, columns }) => ({
            ...{ dataset, version, rows, location },
            columns: columns.map(({ name, glue_type }) => ({ name, glueType: glue_type })),
          })),
      },
    })
  await artifacts.put(`runs/${runId}/attempt=1/report.json`, report)
  return {
    'detail-type': 'Gold Built' as const,
    detail: { runId, domains: ['finance', 'risk'], edition },
  }
}

/** Builds and publishes editions, some seconds after one another. */
export async function published(parts: Parts, ...ordinals: number[]): Promise<void> {
  for (const ordinal of ordinals) {
    const event = await built(parts, ordinal)
    parts.clock.advance(60)
    await goldMoved(parts.publish, event)
  }
}

/** A person's request to go from one edition of finance to another. */
export const back = (from: number, to: number, requestId = `ask-${from}-${to}`) => ({
  'detail-type': 'Rollback Requested' as const,
  detail: { domain: 'finance', requestId, from: named(from), to: named(to), by: 'ada', why: 'it is wrong' },
})

export const pointerOf = async ({ ledger }: Parts, domain = 'finance') =>
  (await ledger.get(goldPointerKey(domain))) as Pointer
export const editionOf = async ({ ledger }: Parts, ordinal: number) =>
  (await ledger.get(editionKey('finance', named(ordinal)))) as Edition
