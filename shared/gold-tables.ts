import {
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  GlueClient,
  type Table,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue'
import type { Column } from './declared.js'
import { TransientError } from './errors.js'
import { glueColumns, PARQUET } from './tables.js'

export interface GoldTable {
  name: string
  description: string
  columns: Column[]
  /** Where the edition's files of this dataset lie: an S3 URI that ends in `/`. */
  location: string
  edition: string
  /** The move of the pointer that the table follows: a table never goes back in it. */
  flip: number
  /** The years that the edition holds, for Athena's partition projection. */
  years: { first: number; last: number }
}

/** A table of a dataset that the shown edition does not hold: it keeps its columns and has no rows. */
export type EmptyTable = Pick<GoldTable, 'name' | 'description' | 'location' | 'edition' | 'flip'>

export interface GoldTables {
  /** Points a published table at an edition. */
  put(table: GoldTable): Promise<void>
  /** Lets a published table show nothing; one that was never there stays away. */
  empty(table: EmptyTable): Promise<void>
  /** Makes the table that only this edition has; one that exists is right as it is. */
  add(table: GoldTable): Promise<void>
}

/** The column that tells which edition a row is of. */
const EDITION: Column = { name: '_edition', glueType: 'string' }
const PARTITION_KEYS: Column[] = [
  EDITION,
  { name: 'year', glueType: 'string' },
  { name: 'month', glueType: 'string' },
]
/** Another publisher changed the table between our read and our write: read again, this often. */
const TABLE_TRIES_MAX = 5
const CONTENDED = ['ConcurrentModificationException', 'VersionMismatchException', 'AlreadyExistsException']

/**
 * Gold's tables in Glue: `published` holds one for each dataset, `editions` one for each dataset of each edition. A
 * published table moves in one call, location and projection together, guarded by its version, so that a reader sees one
 * edition or another. One that follows a later move of the pointer stays as it is.
 */
export function goldTables(
  { published, editions }: { published: string; editions: string },
  client = new GlueClient({}),
): GoldTables {
  const moved = async (name: string, flip: number, input: (known?: Table) => TableInput | undefined) => {
    for (let tries = 0; tries < TABLE_TRIES_MAX; tries += 1) {
      const known = await readTable(client, published, name)
      if (known && Number(known.Parameters?.flip ?? 0) >= flip) return
      const TableInput = input(known)
      if (!TableInput || (await writeTable(client, published, TableInput, known))) return
    }
    throw new TransientError(`the catalog table ${name} was contended in ${TABLE_TRIES_MAX} tries`)
  }
  return {
    put: (table) => moved(table.name, table.flip, () => goldTableInput(table)),
    empty: (table) => moved(table.name, table.flip, (known) => known && emptied(table, known)),
    async add(table) {
      await writeTable(client, editions, goldTableInput(table))
    },
  }
}

/** Removes one table of the catalog by its name; nothing happens when it is gone already. */
export type RemoveTable = (name: string) => Promise<void>

export function removeTable(DatabaseName: string, client = new GlueClient({})): RemoveTable {
  return async (Name) => {
    try {
      await client.send(new DeleteTableCommand({ DatabaseName, Name }))
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'EntityNotFoundException') throw error
    }
  }
}

async function writeTable(
  client: GlueClient,
  DatabaseName: string,
  TableInput: TableInput,
  known?: Table,
): Promise<boolean> {
  const input = { DatabaseName, TableInput }
  try {
    if (!known) await client.send(new CreateTableCommand(input))
    else
      await client.send(new UpdateTableCommand({ ...input, SkipArchive: true, VersionId: known.VersionId }))
    return true
  } catch (error) {
    if (error instanceof Error && CONTENDED.includes(error.name)) return false
    throw error
  }
}

async function readTable(client: GlueClient, DatabaseName: string, Name: string) {
  try {
    return (await client.send(new GetTableCommand({ DatabaseName, Name }))).Table
  } catch (error) {
    if (error instanceof Error && error.name === 'EntityNotFoundException') return undefined
    throw error
  }
}

/** The whole TableInput of a gold table, from the edition's manifest. */
function goldTableInput(table: GoldTable): TableInput {
  return {
    Name: table.name,
    Description: table.description,
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: glueColumns(PARTITION_KEYS),
    StorageDescriptor: {
      ...PARQUET,
      Columns: glueColumns(table.columns.filter(({ name }) => name !== EDITION.name)),
      Location: table.location,
    },
    Parameters: {
      ...shownBy(table),
      EXTERNAL: 'TRUE',
      classification: 'parquet',
      'projection.enabled': 'true',
      'projection.year.type': 'integer',
      'projection.year.range': `${table.years.first},${table.years.last}`,
      'projection.month.type': 'integer',
      'projection.month.range': '1,12',
      'projection.month.digits': '2',
    },
  }
}

/**
 * What of a table's parameters changes with the edition that it shows. The edition is projected, with one value: a file may
 * have been copied from the edition before, so only its key says what it belongs to.
 */
const shownBy = (table: EmptyTable): Record<string, string> => ({
  edition: table.edition,
  flip: String(table.flip),
  [`projection.${EDITION.name}.type`]: 'enum',
  [`projection.${EDITION.name}.values`]: table.edition,
  'storage.location.template': template(table),
})

/** Each partition column must stand in it (Athena, "Specify custom S3 storage locations"). */
function template({ edition, location }: EmptyTable): string {
  const projected = location.replace(`edition=${edition}/`, `edition=\${${EDITION.name}}/`)
  return `${projected}year=\${year}/month=\${month}`
}

/** What is left of a table: UpdateTable takes whole inputs, and GetTable answers with more than that. */
function emptied(table: EmptyTable, known: Table): TableInput {
  const { TableType, StorageDescriptor, Parameters } = known
  // A table from before the edition was projected has it among its columns.
  const Columns = StorageDescriptor?.Columns?.filter(({ Name }) => Name !== EDITION.name)
  return {
    ...{ Name: table.name, Description: table.description, TableType },
    PartitionKeys: glueColumns(PARTITION_KEYS),
    StorageDescriptor: { ...StorageDescriptor, Columns, Location: table.location },
    Parameters: { ...Parameters, ...shownBy(table) },
  }
}
