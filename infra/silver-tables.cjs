// One catalog table per contract: its columns are the contract's, its partitions are registered by finish-cleanse.
const { entities } = require('../shared/declared.json')

const parquet = {
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
}
const camel = (name) => name.replace(/(^|_)([a-z])/g, (_, __, letter) => letter.toUpperCase())

const table = (entity, { columns, contractVersion }) => ({
  Type: 'AWS::Glue::Table',
  Properties: {
    CatalogId: { Ref: 'AWS::AccountId' },
    DatabaseName: { Ref: 'SilverDatabase' },
    TableInput: {
      Name: entity,
      Description: `Cleansed rows of ${entity}, contract ${contractVersion}; a key can stand here in several versions.`,
      TableType: 'EXTERNAL_TABLE',
      Parameters: { EXTERNAL: 'TRUE', classification: 'parquet', contract: contractVersion },
      PartitionKeys: ['year', 'month', 'day'].map((Name) => ({ Name, Type: 'string' })),
      StorageDescriptor: {
        ...parquet,
        Columns: columns.map(({ name, glueType }) => ({ Name: name, Type: glueType })),
        Location: { 'Fn::Sub': `s3://\${SilverBucket}/entity=${entity}/` },
      },
    },
  },
})

module.exports = {
  Resources: Object.fromEntries(
    Object.entries(entities).map(([entity, facts]) => [`Silver${camel(entity)}Table`, table(entity, facts)]),
  ),
}
