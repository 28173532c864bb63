import type { GlueClient } from '@aws-sdk/client-glue'
import { describe, expect, test } from 'vitest'
import { goldTables } from '../../shared/gold-tables.js'
import { awsError, fakeClient } from '../fakes/aws-client.js'

const table = {
  name: 'daily_summary',
  description: 'd',
  columns: ['a', '_edition'].map((name) => ({ name, glueType: 'string' })),
  location: 's3://gold/edition=e2/',
  edition: 'e2',
  flip: 2,
  years: { first: 2025, last: 2026 },
}

const TEMPLATE = 's3://gold/edition=${_edition}/year=${year}/month=${month}'

function glue(known: object | undefined, created = () => ({})) {
  const { client, calls } = fakeClient<GlueClient>({
    GetTableCommand: () => (known ? { Table: known } : Promise.reject(awsError('EntityNotFoundException'))),
    CreateTableCommand: created,
    UpdateTableCommand: () => ({}),
  })
  return { tables: goldTables({ published: 'gold', editions: 'editions' }, client), calls }
}

describe('a published table', () => {
  const putting = async (known: object | undefined) => {
    const { tables, calls } = glue(known)
    await tables.put(table)
    return calls.slice(1)
  }

  test('is created when there is none', async () => {
    expect(await putting(undefined)).toMatchObject([
      { name: 'CreateTableCommand', input: { DatabaseName: 'gold' } },
    ])
  })

  test('moves to the edition in one call that is guarded by its version and keeps no archive', async () => {
    const [update] = await putting({ Parameters: { edition: 'e1', flip: '1' }, VersionId: '7' })
    expect(update).toMatchObject({
      name: 'UpdateTableCommand',
      input: {
        VersionId: '7',
        SkipArchive: true,
        TableInput: {
          StorageDescriptor: { Location: 's3://gold/edition=e2/', Columns: [{ Name: 'a' }] },
          PartitionKeys: [{ Name: '_edition' }, { Name: 'year' }, { Name: 'month' }],
          Parameters: {
            edition: 'e2',
            flip: '2',
            'projection.year.range': '2025,2026',
            'projection._edition.type': 'enum',
            'projection._edition.values': 'e2',
            'storage.location.template': TEMPLATE,
          },
        },
      },
    })
  })

  test.each(['2', '3'])('that has followed move %s of the pointer is left alone', async (flip) => {
    expect(await putting({ Parameters: { edition: 'e9', flip }, VersionId: '7' })).toEqual([])
  })

  test('is emptied by its place and its edition only: columns, format and other parameters stay', async () => {
    const known = {
      ...{ Name: 'daily_summary', VersionId: '7', CreateTime: new Date(0), DatabaseName: 'gold' },
      ...{ TableType: 'EXTERNAL_TABLE', PartitionKeys: [{ Name: 'year' }] },
      StorageDescriptor: {
        Columns: [{ Name: 'a' }, { Name: '_edition' }],
        Location: 's3://gold/edition=e1/',
      },
      Parameters: { flip: '1', edition: 'e1', classification: 'parquet' },
    }
    const { tables, calls } = glue(known)
    await tables.empty({ ...table, description: 'none' })
    expect(calls[1]?.input.TableInput).toEqual({
      ...{ Name: 'daily_summary', Description: 'none', TableType: 'EXTERNAL_TABLE' },
      PartitionKeys: ['_edition', 'year', 'month'].map((Name) => ({ Name, Type: 'string' })),
      StorageDescriptor: { Columns: [{ Name: 'a' }], Location: 's3://gold/edition=e2/' },
      Parameters: {
        ...{ flip: '2', edition: 'e2', classification: 'parquet' },
        ...{ 'projection._edition.type': 'enum', 'projection._edition.values': 'e2' },
        'storage.location.template': TEMPLATE,
      },
    })
  })

  test('that was never there is not made to be emptied', async () => {
    const { tables, calls } = glue(undefined)
    await tables.empty(table)
    expect(calls).toHaveLength(1)
  })
})

describe('a table of one edition', () => {
  test('is made beside the published ones, in one call', async () => {
    const { tables, calls } = glue(undefined)
    await tables.add(table)
    expect(calls).toMatchObject([{ name: 'CreateTableCommand', input: { DatabaseName: 'editions' } }])
  })

  test('that exists is right as it is; another refusal is thrown', async () => {
    const refused = (name: string) => glue(undefined, () => Promise.reject(awsError(name)) as never).tables
    await refused('AlreadyExistsException').add(table)
    await expect(refused('AccessDeniedException').add(table)).rejects.toThrow('AccessDeniedException')
  })
})
