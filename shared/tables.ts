import { BatchCreatePartitionCommand, GlueClient } from '@aws-sdk/client-glue'
import type { Column } from './declared.js'
import { TransientError } from './errors.js'

/** BatchCreatePartition takes at most 100 partitions a call (Glue API reference). */
const PARTITIONS_PER_CALL = 100

/** Registers arrival days (`YYYY/MM/DD`) of an entity's silver table; one that exists stays as it is. */
export type AddPartitions = (entity: string, days: string[]) => Promise<void>

export const PARQUET = {
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
}

export const glueColumns = (columns: Column[]) =>
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
