import { createHash } from 'node:crypto'
import type { Declared } from '../declared.js'
import { absent, type Key, type Ledger } from '../ledger.js'

/** Where the versions of schemas are kept that data was validated against. */
export interface SchemaRegistry {
  /** Registers a definition as the newest version of an entity's schema, or finds it there; gives the version. */
  register(entity: string, definition: string): Promise<string>
}

/** The schema that a contract declares, as JSON Schema draft 7: what Glue's registry calls the format JSON. */
export function definitionOf({ entities }: Pick<Declared, 'entities'>, entity: string): string | undefined {
  const declared = entities[entity]
  if (!declared) return undefined
  // What Sluice adds to each row is no part of what a source sends.
  const columns = declared.columns.filter(({ name }) => !name.startsWith('_'))
  return JSON.stringify({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `${entity} ${declared.contractVersion}`,
    type: 'object',
    properties: Object.fromEntries(columns.map(({ name, glueType }) => [name, property(glueType)])),
  })
}

const TYPES: Record<string, object> = {
  bigint: { type: 'integer' },
  int: { type: 'integer' },
  double: { type: 'number' },
  boolean: { type: 'boolean' },
  date: { type: 'string', format: 'date' },
  timestamp: { type: 'string', format: 'date-time' },
  string: { type: 'string' },
}

/** JSON Schema knows fewer types than the catalog: the comment keeps the exact one. */
const property = (glueType: string) => ({
  ...(TYPES[glueType] ?? { type: 'number' }),
  $comment: glueType,
})

export const hashOf = (definition: string) => createHash('sha256').update(definition).digest('hex')

const versionPk = (entity: string) => `SCHEMA#${entity}`
const versionKey = (entity: string, version: number): Key => ({
  PK: versionPk(entity),
  SK: `VERSION#${String(version).padStart(10, '0')}`,
})

/** Rounds against another commit that registers at the same time. */
const ROUNDS_MAX = 5

/** The ledger as registry, for a stage without Glue's: versions are numbered through from 1. */
export const ledgerRegistry = (
  ledger: Pick<Ledger, 'query' | 'write'>,
  now: () => string,
): SchemaRegistry => ({
  async register(entity, definition) {
    const hash = hashOf(definition)
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const page = await ledger.query(versionPk(entity), { prefix: 'VERSION#', limit: 1, newestFirst: true })
      const newest = page.items[0]
      const version = Number(newest?.version ?? 0)
      if (newest?.hash === hash) return String(version)
      const item = { version: version + 1, hash, definition, at: now() }
      const written = await ledger.write({
        put: { ...versionKey(entity, version + 1), ...item },
        when: [absent('PK')],
      })
      if (written.done) return String(version + 1)
    }
    throw new Error(`the schema of ${entity} was registered by others ${ROUNDS_MAX} times meanwhile`)
  },
})
