// One catalog table per contract: its columns are the contract's, its partitions are registered by finish-cleanse.
// Beside it a view that shows each row once, also while a compaction has put it into a second file.
const { entities } = require('../shared/declared.json')

const DAY = ['year', 'month', 'day']
// What Athena's views call types that Glue's tables name otherwise.
const VIEW_TYPES = { string: 'varchar', int: 'integer', timestamp: 'timestamp(3)' }
const parquet = {
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
}
const camel = (name) => name.replace(/(^|_)([a-z])/g, (_, __, letter) => letter.toUpperCase())
const glueColumns = (columns) => columns.map(({ name, glueType }) => ({ Name: name, Type: glueType }))

const inSilver = (TableInput) => ({
  Type: 'AWS::Glue::Table',
  Properties: { CatalogId: { Ref: 'AWS::AccountId' }, DatabaseName: { Ref: 'SilverDatabase' }, TableInput },
})

const table = (entity, { columns, contractVersion }) =>
  inSilver({
    Name: entity,
    Description: `Cleansed rows of ${entity}, contract ${contractVersion}; a key can stand here in several versions.`,
    TableType: 'EXTERNAL_TABLE',
    Parameters: { EXTERNAL: 'TRUE', classification: 'parquet', contract: contractVersion },
    PartitionKeys: DAY.map((Name) => ({ Name, Type: 'string' })),
    StorageDescriptor: {
      ...parquet,
      Columns: glueColumns(columns),
      Location: { 'Fn::Sub': `s3://\${SilverBucket}/entity=${entity}/` },
    },
  })

// A run has a key once, so a second row of both is a copy. The day is named, so that a filter on it reaches the table.
function onceSql(entity, columns, key) {
  const quoted = (names) => names.map((name) => `"${name}"`).join(', ')
  const same = quoted([...DAY, '_run_id', ...key])
  const copies = `SELECT *, row_number() OVER (PARTITION BY ${same}) AS "_copy"`
  const shown = quoted(columns.map(({ name }) => name))
  return `SELECT ${shown} FROM (${copies} FROM "\${SilverDatabase}"."${entity}") AS "copies" WHERE "_copy" = 1`
}

// Athena keeps a view as JSON in Base64 (Trino's ViewReaderUtil); Glue's columns are what other tools show of it.
function view(entity, { columns, key }) {
  const shown = [...columns, ...DAY.map((name) => ({ name, glueType: 'string' }))]
  const typed = shown.map(({ name, glueType }) => ({ name, type: VIEW_TYPES[glueType] ?? glueType }))
  const definition = JSON.stringify({
    originalSql: onceSql(entity, shown, key),
    catalog: 'awsdatacatalog',
    schema: '${SilverDatabase}',
    columns: typed,
  })
  const Encoded = { 'Fn::Base64': { 'Fn::Sub': definition } }
  return inSilver({
    Name: `${entity}_rows`,
    // Trino takes the description for the comment by which it knows its views.
    Description: 'Presto View',
    Owner: 'sluice',
    TableType: 'VIRTUAL_VIEW',
    Parameters: { presto_view: 'true', comment: 'Presto View' },
    StorageDescriptor: { Columns: glueColumns(shown), SerdeInfo: {} },
    ViewOriginalText: { 'Fn::Sub': ['/* Presto View: ${Encoded} */', { Encoded }] },
    ViewExpandedText: '/* Presto View */',
  })
}

module.exports = {
  Resources: Object.fromEntries(
    Object.entries(entities).flatMap(([entity, facts]) => [
      [`Silver${camel(entity)}Table`, table(entity, facts)],
      [`Silver${camel(entity)}View`, view(entity, facts)],
    ]),
  ),
}
