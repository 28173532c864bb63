import { type Detail, type GoldBuilt, GoldPublished, type Outgoing } from '../../../events/catalog.js'
import { type BuildReport, buildReport, editionKey, goldPointerKey } from '../../../shared/build.js'
import { type Clock, iso } from '../../../shared/clock.js'
import { carried } from '../../../shared/correlation.js'
import { goldTableName } from '../../../shared/declared.js'
import { TransientError } from '../../../shared/errors.js'
import type { ItemLedger } from '../../../shared/ledger.js'
import { attemptPath } from '../../../shared/run.js'
import type { PutTable } from '../../../shared/tables.js'
import type { Reports } from '../../../shared/work.js'

export interface PublishGoldEffects {
  ledger: ItemLedger
  clock: Clock
  reports: Reports
  putTable: PutTable
  publish(events: Outgoing[]): Promise<void>
}

export { goldPointerKey, goldTableName }
/** The ledger's proof that the publisher has heard of a build, per domain. */
export const publishEntryKey = (domain: string, runId: string) => ({
  PK: `ENTRY#publish:${domain}#gold:${runId}`,
  SK: 'META',
})

type Dataset = BuildReport['datasets'][number]

/**
 * Flips each domain's pointer to the edition, then its catalog tables, and tells what was published. An edition that
 * comes late, after a newer one, is recorded and flips nothing.
 */
export async function publishGold(
  effects: PublishGoldEffects,
  built: Detail<typeof GoldBuilt>,
): Promise<string> {
  const published: string[] = []
  for (const domain of built.domains) if (await publishDomain(effects, domain, built)) published.push(domain)
  return published.length > 0 ? `published ${published.join(', ')}` : 'a newer edition is published already'
}

async function publishDomain(effects: PublishGoldEffects, domain: string, built: Detail<typeof GoldBuilt>) {
  const { ledger, clock } = effects
  const { runId, edition } = built
  const item = await ledger.get(editionKey(domain, edition))
  if (!item) throw new TransientError(`the ledger does not know edition ${edition} of ${domain} yet`)
  const { ordinal, datasets } = item
  await ledger.write({
    update: goldPointerKey(domain),
    set: { edition, ordinal: ordinal ?? 0, runId, datasets: datasets ?? [], publishedAt: iso(clock.now()) },
    when: [{ attribute: 'ordinal', below: Number(ordinal), orAbsent: true }],
  })
  const pointer = await ledger.get(goldPointerKey(domain))
  const current = pointer?.edition === edition
  if (current) {
    const exported = await exportedDatasets(effects, domain, runId, Number(item.attempt))
    for (const dataset of exported) await effects.putTable(goldTable(dataset, edition, Number(ordinal)))
    const names = exported.map(({ dataset }) => dataset)
    await effects.publish([
      { name: GoldPublished.name, detail: { runId, domain, edition, datasets: names, ...carried(built) } },
    ])
  }
  await ledger.write({ put: { ...publishEntryKey(domain, runId), edition, at: iso(clock.now()), current } })
  return current
}

async function exportedDatasets(
  { reports }: PublishGoldEffects,
  domain: string,
  runId: string,
  attempt: number,
) {
  const report = buildReport.parse(await reports.read(`${attemptPath(runId, attempt)}report.json`))
  return report.datasets.filter((dataset) => dataset.domain === domain)
}

function goldTable(dataset: Dataset, edition: string, ordinal: number) {
  const years = dataset.files.flatMap(({ key }) => {
    const year = /\/year=(\d{4})\//.exec(key)?.[1]
    return year === undefined ? [] : [Number(year)]
  })
  const empty = { first: 1970, last: 1970 }
  return {
    name: goldTableName(dataset.dataset, dataset.version),
    description: `${dataset.domain}: ${dataset.dataset}`,
    columns: dataset.columns.map(({ name, glue_type }) => ({ name, glueType: glue_type })),
    location: dataset.location,
    edition,
    ordinal,
    years: years.length > 0 ? { first: Math.min(...years), last: Math.max(...years) } : empty,
  }
}
