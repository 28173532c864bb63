import {
  BatchCreatePartitionCommand,
  CreateTableCommand,
  GetTableCommand,
  GlueClient,
  type Table,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue'
import type { Column } from './declared.js'
import { TransientError } from './errors.js'

/** BatchCreatePartition takes at most 100 partitions a call (Glue API reference). */
const PARTITIONS_PER_CALL = 100

/** Registers arrival days (`YYYY/MM/DD`) of an entity's silver table; one that exists stays as it is. */
export type AddPartitions = (entity: string, days: string[]) => Promise<void>

const PARQUET = {
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
}

const glueColumns = (columns: Column[]) =>
  columns.map(({ name, glueType }) => ({ Name: name, Type: glueType }))

/** Registers silver partitions in the catalog. Throws when Glue refuses one for another reason than that it exists. */
export function addPartitions(
  database: string,
  bucket: string,
  columnsOf: (entity: string) => Column[],
  client = new GlueClient({}),
): AddPartitions {
  return async (entity, days) => {
    for (let from = 0; from < days.length; from += PARTITIONS_PER_CALL) {
      const page = days.slice(from, from + PARTITIONS_PER_CALL)
      const PartitionInputList = page.map((day) => {
        const [year, month, date] = day.split('/') as [string, string, string]
        const Location = `s3://${bucket}/entity=${entity}/year=${year}/month=${month}/day=${date}/`
        const Columns = glueColumns(columnsOf(entity))
        return { Values: [year, month, date], StorageDescriptor: { ...PARQUET, Columns, Location } }
      })
      const answer = await client.send(
        new BatchCreatePartitionCommand({ DatabaseName: database, TableName: entity, PartitionInputList }),
      )
      const refused = (answer.Errors ?? []).filter(
        (error) => error.ErrorDetail?.ErrorCode !== 'AlreadyExistsException',
      )
      if (refused.length > 0) {
        throw new TransientError(
          `Glue refused partitions of ${entity}: ${refused[0]?.ErrorDetail?.ErrorMessage}`,
        )
      }
    }
  }
}

export interface GoldTable {
  name: string
  description: string
  columns: Column[]
  /** Where the edition's files of this dataset lie: an S3 URI that ends in `/`. */
  location: string
  edition: string
  /** The edition's place in the order of publications: a table never goes back. */
  ordinal: number
  /** The years that the edition holds, for Athena's partition projection. */
  years: { first: number; last: number }
}

export type PutTable = (table: GoldTable) => Promise<void>

/** Another publisher changed the table between our read and our write: read again, this often. */
const TABLE_TRIES_MAX = 5
const CONTENDED = ['ConcurrentModificationException', 'VersionMismatchException', 'AlreadyExistsException']

/**
 * Points a gold table at an edition: location and projection template in one call, guarded by the table's version, so
 * that a reader sees the old edition or the new one. A table that shows a newer edition stays as it is.
 */
export function putTable(database: string, client = new GlueClient({})): PutTable {
  return async (table) => {
    for (let tries = 0; tries < TABLE_TRIES_MAX; tries += 1) {
      const known = await readTable(client, database, table.name)
      if (known && Number(known.Parameters?.ordinal ?? 0) >= table.ordinal) return
      if (await writeTable(client, database, table, known)) return
    }
    throw new TransientError(`the catalog table ${table.name} was contended in ${TABLE_TRIES_MAX} tries`)
  }
}

async function writeTable(
  client: GlueClient,
  DatabaseName: string,
  table: GoldTable,
  known?: Table,
): Promise<boolean> {
  const input = { DatabaseName, TableInput: goldTableInput(table) }
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
export function goldTableInput(table: GoldTable): TableInput {
  return {
    Name: table.name,
    Description: table.description,
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: glueColumns([
      { name: 'year', glueType: 'string' },
      { name: 'month', glueType: 'string' },
    ]),
    StorageDescriptor: { ...PARQUET, Columns: glueColumns(table.columns), Location: table.location },
    Parameters: {
      EXTERNAL: 'TRUE',
      classification: 'parquet',
      edition: table.edition,
      ordinal: String(table.ordinal),
      'projection.enabled': 'true',
      'projection.year.type': 'integer',
      'projection.year.range': `${table.years.first},${table.years.last}`,
      'projection.month.type': 'integer',
      'projection.month.range': '1,12',
      'projection.month.digits': '2',
      'storage.location.template': `${table.location}year=\${year}/month=\${month}`,
    },
  }
}
