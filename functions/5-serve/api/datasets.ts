import { goldPointerKey } from '../../../shared/build.js'
import type { Declared } from '../../../shared/declared.js'
import type { LedgerReader } from '../../../shared/ledger.js'

/** Every dataset with its columns, and the edition that is published; null before the first. */
export async function datasetsView({ project, ledger }: { project: Declared; ledger: LedgerReader }) {
  const domains = [...new Set(project.lanes.flatMap((lane) => lane.domains))]
  const pointers = await Promise.all(domains.map((domain) => ledger.get(goldPointerKey(domain))))
  const published = new Map(domains.map((domain, position) => [domain, pointers[position]]))
  const datasets = project.lanes
    .flatMap((lane) => lane.datasets)
    .map(({ domain, dataset, version, description, columns }) => {
      const pointer = published.get(domain)
      const exported = (pointer?.datasets ?? []) as { dataset: string; rows: number }[]
      return {
        domain,
        dataset,
        version,
        description,
        edition: pointer?.edition ?? null,
        publishedAt: pointer?.publishedAt ?? null,
        runId: pointer?.runId ?? null,
        rows: exported.find((one) => one.dataset === dataset)?.rows ?? null,
        columns: columns.map(({ name, glueType }) => ({ name, type: glueType })),
      }
    })
  return { datasets }
}
