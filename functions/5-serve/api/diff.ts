import { NotFoundError } from '@aws-lambda-powertools/event-handler/http'
import { editionKey } from '../../../shared/build.js'
import {
  type Edition,
  type EditionDataset,
  editionName,
  editionTableName,
  newestVersions,
} from '../../../shared/editions.js'
import { Conflict } from './bodies.js'
import { COUNTS, columnsOf, diffStatement } from './diff-statement.js'
import { type EditionEffects, pointerOf } from './editions.js'
import type { GoldRows } from './gold.js'

export interface DiffEffects extends EditionEffects {
  goldRows: Pick<GoldRows, 'start'>
}

interface DiffQuery {
  from: string
  to: string
  dataset?: string | undefined
}

/**
 * What changed between two editions of a domain: datasets and columns from the ledger alone, and for the one dataset that
 * is named the rows, counted by one statement.
 */
export async function diffView(effects: DiffEffects, domain: string, { from, to, dataset }: DiffQuery) {
  await pointerOf(effects, domain)
  const before = datasetsOf(await edition(effects, domain, from))
  const after = datasetsOf(await edition(effects, domain, to))
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  if (dataset !== undefined && !names.includes(dataset))
    throw new NotFoundError(`neither edition has a dataset "${dataset}"; they have ${names.join(', ')}`)
  const asked = names.filter((name) => dataset === undefined || name === dataset)
  const sides = asked.map((name) => ({
    name,
    key: keyOf(effects, domain, name),
    ...{ before: before.get(name), after: after.get(name) },
  }))
  const datasets = sides.map(outline)
  const [only] = sides
  const compared = dataset !== undefined && only && (await rowsOf(effects, only, { from, to }))
  return { domain, from, to, datasets, ...(compared && { compared }) }
}

async function edition({ ledger }: EditionEffects, domain: string, name: string): Promise<Edition> {
  const found = (await ledger.get(editionKey(domain, name))) as Edition | undefined
  if (!found)
    throw new NotFoundError(
      `there is no edition "${name}" of ${domain}; GET /domains/${domain}/editions lists them`,
    )
  const gone = found.deletedAt ?? found.retiredAt
  if (gone) throw new Conflict(`edition ${name} of ${domain} is deleted, or about to be: given up at ${gone}`)
  if (!found.publishedAt) throw new Conflict(`edition ${name} of ${domain} was never published`)
  return found
}

type Held = EditionDataset & { edition: string }
const datasetsOf = (of: Edition): Map<string, Held> =>
  new Map(newestVersions(of.datasets).map((one) => [one.dataset, { ...one, edition: editionName(of) }]))

const keyOf = ({ project }: EditionEffects, domain: string, name: string): string[] =>
  project.lanes
    .flatMap(({ datasets }) => datasets)
    .find((one) => one.domain === domain && one.dataset === name)?.key ?? []

interface Sides {
  name: string
  key: string[]
  before: Held | undefined
  after: Held | undefined
}

/** What the ledger alone says of one dataset. */
function outline({ name, key, before, after }: Sides) {
  const { added, removed, retyped } = columnsOf(before?.columns ?? [], after?.columns ?? [])
  return {
    dataset: name,
    in: before && after ? ('both' as const) : before ? ('from' as const) : ('to' as const),
    key,
    versions: { from: before?.version ?? null, to: after?.version ?? null },
    rows: { from: before?.rows ?? null, to: after?.rows ?? null },
    columns: before && after ? { added, removed, retyped } : { added: [], removed: [], retyped: [] },
  }
}

/** The rows of a dataset that both editions hold; nothing where only one does. */
async function rowsOf({ goldRows }: DiffEffects, { key, before, after }: Sides, asked: DiffQuery) {
  if (!before || !after) return undefined
  const { shared } = columnsOf(before.columns ?? [], after.columns ?? [])
  const known = key.length > 0 && key.every((name) => shared.includes(name)) ? key : []
  const columns = shared.filter((name) => !known.includes(name))
  if (columns.length + known.length === 0) return undefined
  const statement = diffStatement({
    from: editionTableName(before, asked.from),
    to: editionTableName(after, asked.to),
    key: known,
    columns,
  })
  const page = await goldRows.start(statement, 1)
  const values = (page.rows[0] ?? []).map((value) => Number(value ?? 0))
  const changes = known.length > 0 ? columns.map((name, place) => [name, values[COUNTS.length + place]]) : []
  return {
    by: known.length > 0 ? ('key' as const) : ('row' as const),
    rows: Object.fromEntries(COUNTS.map((name, place) => [name, values[place] ?? 0])),
    /** Rows of both whose value of this column differs. */
    columns: Object.fromEntries(changes.filter(([, count]) => count)) as Record<string, number>,
  }
}
