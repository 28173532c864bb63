import type { GlueClient } from '@aws-sdk/client-glue'
import { beforeEach, describe, expect, test } from 'vitest'
import { definitionOf, ledgerRegistry } from '../../../shared/schema/registry.js'
import { glueRegistry } from '../../../shared/schema/registry-glue.js'
import { awsError, fakeClient } from '../../fakes/aws-client.js'
import { type Parts, parts } from '../../fakes/parts.js'
import { testProject } from '../../fakes/project.js'

test('the definition of a schema is what its contract declares, without what Sluice adds', () => {
  const columns = [
    { name: 'close', glueType: 'decimal(18,6)' },
    { name: 'day', glueType: 'date' },
    { name: '_run_id', glueType: 'string' },
  ]
  const entities = { prices: { ...testProject.entities.market_data, contractVersion: '2.0.0', columns } }
  const definition = definitionOf({ entities } as never, 'prices')
  expect(JSON.parse(String(definition))).toEqual({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'prices 2.0.0',
    type: 'object',
    properties: {
      close: { type: 'number', $comment: 'decimal(18,6)' },
      day: { type: 'string', format: 'date', $comment: 'date' },
    },
  })
  expect(definitionOf({ entities } as never, 'nobody')).toBeUndefined()
})

describe('the ledger as registry', () => {
  let own: Parts
  beforeEach(() => {
    own = parts()
  })
  const registry = () => ledgerRegistry(own.ledger, () => '2026-03-02T07:00:00.000Z')

  test('numbers the versions of an entity through, and knows the newest again', async () => {
    expect(await registry().register('prices', 'one')).toBe('1')
    expect(await registry().register('prices', 'one')).toBe('1')
    expect(await registry().register('prices', 'two')).toBe('2')
    expect(await registry().register('trades', 'one')).toBe('1')
    expect(own.ledger.all('SCHEMA#prices').map(({ definition }) => definition)).toEqual(['one', 'two'])
  })

  test('gives two who register at once two versions, or one', async () => {
    const both = await Promise.all(['one', 'two'].map((text) => registry().register('prices', text)))
    expect(both.sort()).toEqual(['1', '2'])
    const same = await Promise.all(['three', 'three'].map((text) => registry().register('prices', text)))
    expect(same).toEqual(['3', '3'])
  })
})

describe('Glue Schema Registry', () => {
  const asked = (answers: Parameters<typeof fakeClient>[0]) => {
    const { client, calls } = fakeClient<GlueClient>(answers)
    return { register: () => glueRegistry('stack', client).register('prices', '{}'), calls }
  }

  test('is given a version of a schema that it has', async () => {
    const { register, calls } = asked({ RegisterSchemaVersionCommand: () => ({ VersionNumber: 4 }) })
    expect(await register()).toBe('4')
    const SchemaId = { RegistryName: 'stack', SchemaName: 'prices' }
    expect(calls).toMatchObject([{ input: { SchemaId, SchemaDefinition: '{}' } }])
  })

  test('gets the schema with the first version, of any compatibility', async () => {
    const { register, calls } = asked({
      RegisterSchemaVersionCommand: () => {
        throw awsError('EntityNotFoundException')
      },
      CreateSchemaCommand: () => ({ LatestSchemaVersion: 1 }),
    })
    expect(await register()).toBe('1')
    const created = { SchemaName: 'prices', DataFormat: 'JSON', Compatibility: 'NONE' }
    expect(calls[1]).toMatchObject({ input: { RegistryId: { RegistryName: 'stack' }, ...created } })
  })

  test('is asked again when somebody else created the schema meanwhile', async () => {
    let calls = 0
    const { register } = asked({
      RegisterSchemaVersionCommand: () => {
        calls += 1
        if (calls === 1) throw awsError('EntityNotFoundException')
        return { VersionNumber: 1, Status: 'AVAILABLE' }
      },
      CreateSchemaCommand: () => {
        throw awsError('AlreadyExistsException')
      },
    })
    expect(await register()).toBe('1')
  })

  test('may refuse: that is thrown', async () => {
    const refusing = asked({ RegisterSchemaVersionCommand: () => ({ Status: 'FAILURE', VersionNumber: 2 }) })
    await expect(refusing.register()).rejects.toThrow(/FAILURE/)
    const denied = () => {
      throw awsError('AccessDeniedException')
    }
    await expect(asked({ RegisterSchemaVersionCommand: denied }).register()).rejects.toThrow(/AccessDenied/)
  })
})
