import { defaultPrefix } from './prefix.js'
import type { SourceFile } from './schema.js'

export interface Feed {
  entity: string
  /** A folder of bronze that may hold {yyyy}, {mm}, {dd} and {hh}. */
  prefix: string
}

/** The folder of one entity of a source that has several, or writes them itself. */
const entityPrefix = (source: string, entity: string) => `${defaultPrefix(source)}entity=${entity}/`

/**
 * The folders of bronze that a source fills. An extraction writes one for each entity; of every other kind, a source
 * with a single entity has `source=<name>/`, and one with several has a folder for each.
 */
export function feedsOf(file: SourceFile): Feed[] {
  const entities: readonly { entity: string; prefix?: string | undefined }[] =
    'entities' in file ? (file.entities ?? []) : []
  const apart = file.kind === 'extract' || (file.kind !== 'drop' && entities.length > 1)
  return entities.map(({ entity, prefix }) => ({
    entity,
    prefix: prefix ?? (apart ? entityPrefix(file.source, entity) : defaultPrefix(file.source)),
  }))
}
