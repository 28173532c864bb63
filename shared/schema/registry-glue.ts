import {
  CreateSchemaCommand,
  GlueClient,
  RegisterSchemaVersionCommand,
  type RegisterSchemaVersionResponse,
} from '@aws-sdk/client-glue'
import type { SchemaRegistry } from './registry.js'

/**
 * Glue Schema Registry: one schema per entity. A definition that is registered already keeps its version (Glue API
 * reference, RegisterSchemaVersion). Compatibility is NONE: what a contract may become is decided where it is reviewed,
 * and a registry that refuses a version would know less than the data.
 */
export const glueRegistry = (RegistryName: string, client = new GlueClient({})): SchemaRegistry => ({
  async register(entity, definition) {
    const SchemaId = { RegistryName, SchemaName: entity }
    const add = () =>
      client.send(new RegisterSchemaVersionCommand({ SchemaId, SchemaDefinition: definition }))
    try {
      return versionOf(await add())
    } catch (error) {
      if (nameOf(error) !== 'EntityNotFoundException') throw error
    }
    try {
      const created = await client.send(
        new CreateSchemaCommand({
          RegistryId: { RegistryName },
          SchemaName: entity,
          DataFormat: 'JSON',
          Compatibility: 'NONE',
          SchemaDefinition: definition,
        }),
      )
      return String(created.LatestSchemaVersion ?? 1)
    } catch (error) {
      if (nameOf(error) !== 'AlreadyExistsException') throw error
      return versionOf(await add())
    }
  },
})

const nameOf = (error: unknown) => (error instanceof Error ? error.name : '')

function versionOf({ Status, VersionNumber }: RegisterSchemaVersionResponse): string {
  if (Status === 'FAILURE' || VersionNumber === undefined)
    throw new Error(`Glue did not register the version: ${Status}`)
  return String(VersionNumber)
}
