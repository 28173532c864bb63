import { GoldPublished, type Outgoing } from '../../../events/catalog.js'
import { editionKey, goldPointerKey } from '../../../shared/build.js'
import { type BuildReport, buildReport } from '../../../shared/build-report.js'
import type { Clock } from '../../../shared/clock.js'
import { goldTableName } from '../../../shared/declared.js'
import { type Edition, editionTableName, type Pointer } from '../../../shared/editions.js'
import { TransientError } from '../../../shared/errors.js'
import type { GoldTable, GoldTables } from '../../../shared/gold-tables.js'
import { is, type Ledger } from '../../../shared/ledger.js'
import { eachAtOnce } from '../../../shared/parallel.js'
import { attemptPath } from '../../../shared/run.js'
import type { Reports } from '../../../shared/work.js'

export interface PublishGoldEffects {
  ledger: Pick<Ledger, 'get' | 'query' | 'write'>
  clock: Clock
  reports: Reports
  tables: GoldTables
  publish(events: Outgoing[]): Promise<void>
}

type Exported = BuildReport['datasets'][number]

/** Catalog tables that are written at once. */
const TABLES_AT_ONCE = 8

/** What the builder’s report says of a domain’s datasets. */
export async function exportedDatasets(
  { reports }: Pick<PublishGoldEffects, 'reports'>,
  domain: string,
  { runId, attempt }: Edition,
): Promise<Exported[]> {
  const report = buildReport.parse(await reports.read(`${attemptPath(runId, attempt)}report.json`))
  return report.datasets.filter((dataset) => dataset.domain === domain)
}

/** Makes an edition’s own tables, which the API reads: before the pointer names it. */
export async function addTables(
  { tables }: Pick<PublishGoldEffects, 'tables'>,
  exported: Exported[],
  edition: string,
): Promise<void> {
  await eachAtOnce(exported, TABLES_AT_ONCE, (dataset) =>
    tables.add({ ...goldTable(dataset, edition, 0), name: editionTableName(dataset, edition) }),
  )
}

/**
 * Lets the published tables follow the pointer, whoever moved it, and tells that readers see another edition. What was
 * done before, or is somebody else’s later move, is not done again. Gives the edition that is shown.
 */
export async function follow(
  effects: PublishGoldEffects,
  domain: string,
  correlation: { correlationId?: string } = {},
): Promise<string | undefined> {
  const pointer = (await effects.ledger.get(goldPointerKey(domain))) as Pointer | undefined
  if (!pointer) return undefined
  const { edition, flip, runId } = pointer
  if (pointer.followed === flip) return edition
  const shown = (await effects.ledger.get(editionKey(domain, edition))) as Edition | undefined
  if (!shown) throw new TransientError(`the ledger does not know edition ${edition} of ${domain}`)
  const exported = await exportedDatasets(effects, domain, shown)
  await eachAtOnce(exported, TABLES_AT_ONCE, (dataset) =>
    effects.tables.put(goldTable(dataset, edition, flip)),
  )
  await emptyOthers(effects, pointer, exported)
  const datasets = exported.map(({ dataset }) => dataset)
  const told = { runId, domain, edition, datasets, ...correlation, ...because(pointer) }
  await effects.publish([{ name: GoldPublished.name, detail: told }])
  await effects.ledger.write({
    update: goldPointerKey(domain),
    set: { followed: flip },
    when: [is('flip', flip)],
  })
  return edition
}

/** The rollback that moved the pointer, as others are told of it. */
function because({ rollback }: Pointer) {
  if (!rollback) return {}
  const { requestId, from, by, why } = rollback
  return { rollback: { requestId, from, by, why } }
}

/** Tables of datasets, or of schema versions of them, that the shown edition does not hold. */
async function emptyOthers(
  { tables }: PublishGoldEffects,
  { edition, flip, tables: names }: Pointer,
  exported: Exported[],
): Promise<void> {
  const held = exported.map(({ dataset, version }) => goldTableName(dataset, version))
  const [any] = exported
  const others = names.filter((name) => !held.includes(name))
  if (!any || others.length === 0) return
  const description = `Edition ${edition} holds no such dataset.`
  // Nothing is ever written there: a dataset's folder begins with its own name.
  const location = `${any.location}none/`
  await eachAtOnce(others, TABLES_AT_ONCE, (name) =>
    tables.empty({ name, description, location, edition, flip }),
  )
}

function goldTable(dataset: Exported, edition: string, flip: number): GoldTable {
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
    flip,
    years: years.length > 0 ? { first: Math.min(...years), last: Math.max(...years) } : empty,
  }
}
