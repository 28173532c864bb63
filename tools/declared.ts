import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { Declared } from '../shared/declared.js'
import { BadInput } from '../shared/errors.js'
import { name } from '../shared/sources/parts.js'
import { checkSources } from './sources/check.js'
import { declaredSource } from './sources/declared-source.js'
import { inWords } from './sources/places.js'

const compiledContract = z.object({
  entity: name,
  version: z.string(),
  columns: z.array(z.object({ name: z.string(), classification: z.string().nullable() })),
  key: z.array(z.string()).min(1),
  silver_columns: z.array(z.object({ name: z.string(), glue_type: z.string() })),
  engine: z.enum(['auto', 'duckdb', 'spark']),
  retention_days: z.partialRecord(z.enum(['bronze', 'quarantine']), z.int()),
  gate: z.object({ max_rejected_percent: z.number().min(0).max(100) }),
})

const graph = z.object({
  lanes: z.array(
    z.object({
      lane: z.string(),
      domains: z.array(z.string()),
      sources: z.array(z.string()),
      datasets: z.array(
        z.object({
          domain: z.string(),
          dataset: z.string(),
          version: z.number().int(),
          description: z.string(),
          key: z.array(z.string()),
          columns: z.array(z.object({ name: z.string(), glue_type: z.string() })),
        }),
      ),
      freshness: z.array(
        z.object({
          ...{ source: z.string(), table: z.string(), page: z.boolean() },
          ...{ warn_seconds: z.int().nullable(), error_seconds: z.int().nullable() },
        }),
      ),
      lag_seconds: z.int().positive(),
      objectives: z.array(
        z.object({
          ...{ name: z.string(), class: z.string(), domains: z.array(z.string()) },
          seconds: z.int().positive(),
        }),
      ),
      dashboards: z.array(
        z.object({
          ...{ dashboard: name, label: z.string(), domain: z.string() },
          reads: z.array(z.object({ dataset: z.string(), order: z.string(), limit: z.int() })),
        }),
      ),
    }),
  ),
})

const column = ({ name: columnName, glue_type }: { name: string; glue_type: string }) => ({
  name: columnName,
  glueType: glue_type,
})

/** What the project declares, read from its files. Throws `BadInput` with file and path when one is wrong. */
export function readDeclared(root: string): Declared {
  const built = readBuilt(root)
  const { sources, problems } = checkFolder(root, join(root, 'sources'), 'sources', built)
  if (problems.length > 0) throw new BadInput('sources are wrong', problems.map(inWords))
  return { sources: Object.fromEntries(sources.map((file) => [file.source, declaredSource(file)])), ...built }
}

/** Checks every source file of a folder against the contracts and domains of the project; `shown` is its name in answers. */
export function checkFolder(root: string, folder: string, shown = folder, built = readBuilt(root)) {
  const texts = readdirSync(folder)
    .filter((file) => /\.ya?ml$/.test(file))
    .sort()
    .map((file) => ({ file: join(shown, file), text: readFileSync(join(folder, file), 'utf8') }))
  const known = {
    entities: Object.keys(built.entities),
    domains: built.lanes.flatMap(({ domains }) => domains),
  }
  return { files: texts.length, ...checkSources(texts, known) }
}

function readBuilt(root: string): Omit<Declared, 'sources'> {
  const contracts = files(`${root}/contracts/compiled`, '.json').map((file) => check(file, compiledContract))
  const entities = Object.fromEntries(
    contracts.map((contract) => [
      contract.entity,
      {
        columns: contract.silver_columns.map(column),
        key: contract.key,
        engine: contract.engine,
        contractVersion: contract.version,
        rejectedPercentMax: contract.gate.max_rejected_percent,
        ...classifiedOf(contract.columns),
        ...(Object.keys(contract.retention_days).length > 0 && { retentionDays: contract.retention_days }),
      },
    ]),
  )
  const lanes = check(`${root}/dbt_project/graph.json`, graph).lanes.map((lane) => ({
    lane: lane.lane,
    domains: lane.domains,
    entities: lane.sources,
    datasets: lane.datasets.map((dataset) => ({ ...dataset, columns: dataset.columns.map(column) })),
    freshness: lane.freshness.map(({ warn_seconds, error_seconds, ...one }) => ({
      ...one,
      ...{ warnSeconds: warn_seconds, errorSeconds: error_seconds },
    })),
    ...{ lagSeconds: lane.lag_seconds, objectives: lane.objectives, dashboards: lane.dashboards },
  }))
  return { entities, lanes }
}

/** The columns that tell of a person or are secret; nothing where there are none. */
function classifiedOf(columns: { name: string; classification: string | null }[]) {
  const found = columns.flatMap(({ name: one, classification }) =>
    classification === 'pii' || classification === 'restricted' ? [[one, classification] as const] : [],
  )
  return found.length > 0 ? { classified: Object.fromEntries(found) } : {}
}

const files = (folder: string, ending: string) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => `${folder}/${file}`)

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new BadInput(file, [(error as Error).message])
  }
}

function check<T extends z.ZodType>(file: string, schema: T): z.infer<T> {
  const answer = schema.safeParse(parsed(file))
  if (answer.success) return answer.data
  throw new BadInput(
    file,
    answer.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`),
  )
}
