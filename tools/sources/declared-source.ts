import type { DeclaredSource } from '../../shared/declared.js'
import { feedsOf } from '../../shared/sources/feeds.js'
import type { SourceFile } from '../../shared/sources/schema.js'

/** What stages need of a source while they run. */
export function declaredSource(file: SourceFile): DeclaredSource {
  const declared = {
    kind: file.kind,
    feeds: feedsOf(file),
    ...picked(file, ['settleSeconds', 'closeOnSyncFinished', 'priority']),
    ...warehouseOf(file),
    ...picked(file, ['schedule', 'start']),
    ...doorOf(file),
    ...extractOf(file),
  }
  return declared as DeclaredSource
}

/** Who tells of each load: its silence says that nothing was loaded. Nobody does without a door or an API to ask. */
function warehouseOf(file: SourceFile) {
  if (!('warehouse' in file) || !file.warehouse) return {}
  const { tells, ...warehouse } = file.warehouse
  const canTell = 'auth' in file || 'confirm' in file || 'start' in file
  return { warehouse: { ...warehouse, tells: canTell && tells !== 'sometimes' } }
}

const doorOf = (file: SourceFile) =>
  'auth' in file
    ? { door: picked(file, ['auth', 'mapping', 'connectionIds', 'jobIds', 'confirm', 'limits']) }
    : {}

const extractOf = (file: SourceFile) =>
  file.kind === 'extract'
    ? { extract: picked(file, ['engine', 'url', 'database', 'secret', 'key', 'entities', 'limits']) }
    : {}

/** The keys that the file has, with their values, in the order asked for. */
function picked(file: SourceFile, keys: readonly string[]): Picked {
  const values = file as unknown as Record<string, unknown>
  return Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])))
}

/** Whatever the file says: its schema has checked each value. */
type Picked = { [key: string]: unknown }
