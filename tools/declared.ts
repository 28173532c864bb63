import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import * as z from 'zod'
import type { Declared } from '../shared/declared.js'
import { BadInput } from '../shared/errors.js'

const name = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'a name is lower case letters, digits, - and _')

/** One file of `sources/`. Unknown keys are errors: a misspelled setting must not be silently without effect. */
export const sourceFile = z.strictObject({
  source: name,
  description: z.string().min(1),
  kind: z.literal('drop'),
  entity: name,
})

const compiledContract = z.object({
  entity: name,
  version: z.string(),
  silver_columns: z.array(z.object({ name: z.string(), glue_type: z.string() })),
  engine: z.enum(['auto', 'duckdb', 'spark']),
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
          columns: z.array(z.object({ name: z.string(), glue_type: z.string() })),
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
  const contracts = files(`${root}/contracts/compiled`, '.json').map((file) => check(file, compiledContract))
  const entities = Object.fromEntries(
    contracts.map((contract) => [
      contract.entity,
      {
        columns: contract.silver_columns.map(column),
        engine: contract.engine,
        contractVersion: contract.version,
        rejectedPercentMax: contract.gate.max_rejected_percent,
      },
    ]),
  )
  const lanes = check(`${root}/dbt_project/graph.json`, graph).lanes.map((lane) => ({
    lane: lane.lane,
    domains: lane.domains,
    entities: lane.sources,
    datasets: lane.datasets.map((dataset) => ({ ...dataset, columns: dataset.columns.map(column) })),
  }))
  return { sources: readSources(root, Object.keys(entities)), entities, lanes }
}

function readSources(root: string, entities: string[]): Declared['sources'] {
  const sources: Declared['sources'] = {}
  for (const file of files(`${root}/sources`, '.yaml')) {
    const { source, entity } = check(file, sourceFile)
    const problems = [
      ...(file.endsWith(`/${source}.yaml`) ? [] : [`source: must be the file's name, not "${source}"`]),
      ...(entities.includes(entity)
        ? []
        : [`entity: no contract "${entity}"; there are ${entities.join(', ')}`]),
    ]
    if (problems.length > 0) throw new BadInput(file, problems)
    sources[source] = { entity }
  }
  return sources
}

const files = (folder: string, ending: string) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => `${folder}/${file}`)

function parsed(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new BadInput(file, [(error as Error).message.split('\n')[0] ?? 'no YAML'])
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
