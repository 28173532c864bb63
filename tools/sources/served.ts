import { defaultPrefix } from '../../shared/sources/prefix.js'
import type { SourceFile } from '../../shared/sources/schema.js'
import type { Path } from './places.js'

/** The kinds that a stage of this version takes in. Whoever builds a door adds its kind, and mends the sentences below. */
const SERVED: readonly SourceFile['kind'][] = ['drop']

/** What a source asks for and no stage does yet: it would be without effect, and nobody would be told. */
export function notServed(file: SourceFile): { path: Path; message: string }[] {
  if (file.kind !== 'drop') {
    const message = `this version has no door for ${file.kind} yet; it serves ${SERVED.join(', ')}`
    return [{ path: ['kind'], message }]
  }
  const own = defaultPrefix(file.source)
  const prefixes = file.entities.flatMap(({ prefix }, at) =>
    prefix === undefined || prefix === own
      ? []
      : [{ path: ['entities', at, 'prefix'], message: `this version reads ${own} only: leave prefix out` }],
  )
  const second = file.entities[1] && {
    path: ['entities', 1],
    message: 'this version takes one entity of a drop source: declare another source',
  }
  const settings = (['settleSeconds', 'closeOnSyncFinished', 'priority'] as const)
    .filter((key) => file[key] !== undefined)
    .map((key) => ({ path: [key], message: 'no stage of this version heeds it yet: leave it out' }))
  return [...prefixes, ...(second ? [second] : []), ...settings]
}
