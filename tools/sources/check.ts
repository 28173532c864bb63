import { basename } from 'node:path'
import { feedsOf } from '../../shared/sources/feeds.js'
import { overlap } from '../../shared/sources/prefix.js'
import { type SourceFile, sourceFile } from '../../shared/sources/schema.js'
import { didYouMean, explain } from './explain.js'
import { nearest } from './nearest.js'
import { type Parsed, type Path, type Problem, parsed, type SourceText } from './places.js'

/** What the rest of the project declares, and a source may name. */
export interface Known {
  entities: readonly string[]
  domains: readonly string[]
}

interface Read {
  source: SourceFile
  file: Parsed
}

/** Checks all source files together. `sources` are those whose own file has the right shape; problems name their place. */
export function checkSources(
  texts: readonly SourceText[],
  known: Known,
): { sources: SourceFile[]; problems: Problem[] } {
  const problems: Problem[] = []
  const read: Read[] = []
  for (const text of texts) {
    const file = parsed(text)
    const answer = sourceFile.safeParse(file.data)
    if (file.problems.length > 0) problems.push(...file.problems)
    else if (!answer.success) problems.push(...explain(file, answer.error.issues))
    else read.push({ source: answer.data, file })
  }
  for (const one of read) problems.push(...ownName(one), ...references(one, known), ...without(one))
  problems.push(...overlaps(read))
  const order = texts.map(({ file }) => file)
  problems.sort(
    (a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line || a.column - b.column,
  )
  return { sources: read.map(({ source }) => source), problems }
}

function ownName({ source: { source }, file }: Read): Problem[] {
  if (basename(file.file) === `${source}.yaml`) return []
  const message = `must be the file's name, not "${source}"`
  return [file.problem(['source'], message, `name the file ${source}.yaml, or the source after it`)]
}

/** What a file names must exist, and what it says must fit together. */
function references({ source, file }: Read, known: Known): Problem[] {
  const problems: Problem[] = []
  const exists = (path: Path, word: string, names: readonly string[], what: string) => {
    if (names.includes(word)) return
    const way =
      didYouMean(nearest(word, names)) ?? (names.length > 0 ? `there are ${names.join(', ')}` : undefined)
    problems.push(file.problem(path, `no ${what} "${word}"`, way))
  }
  for (const [at, { entity }] of entitiesOf(source).entries())
    exists(['entities', at, 'entity'], entity, known.entities, 'contract')
  if ('warehouse' in source && source.warehouse)
    exists(['warehouse', 'domain'], source.warehouse.domain, known.domains, 'domain')
  if (source.kind === 'extract' && source.engine === 'rest' && source.key && !source.secret)
    problems.push(file.problem(['key'], 'needs a secret: without one there is no key to send'))
  return problems
}

/** Settings that are without effect beside the others of the same file: nobody would be told. */
function without({ source, file }: Read): Problem[] {
  const problems: Problem[] = []
  if ('closeOnSyncFinished' in source && source.closeOnSyncFinished) {
    if (!source.entities)
      problems.push(file.problem(['closeOnSyncFinished'], 'needs entities: without files there is no batch'))
    if (source.settleSeconds !== undefined)
      problems.push(file.problem(['settleSeconds'], 'is without effect where the sync closes the batch'))
  }
  if (source.kind === 'dbt-platform' && source.schedule && !source.start)
    problems.push(file.problem(['schedule'], 'needs start: the job that the schedule starts'))
  if ('warehouse' in source && source.warehouse && 'settleSeconds' in source && source.settleSeconds)
    problems.push(file.problem(['settleSeconds'], 'is without effect: a sync of a warehouse has no files'))
  return problems
}

const entitiesOf = (source: SourceFile): readonly { entity: string; prefix?: string | undefined }[] =>
  'entities' in source ? (source.entities ?? []) : []

/** A file of bronze belongs to one source and one entity, so no key may begin with two prefixes. */
function overlaps(read: readonly Read[]): Problem[] {
  const claims = read.flatMap(claimsOf)
  return claims.flatMap((claim, at) => {
    const { path, file } = claim
    const foreign = /^source=([^/]+)\//.exec(claim.prefix)?.[1]
    if (foreign !== undefined && foreign !== claim.source)
      return [file.problem(path, `source=${foreign}/ belongs to the source "${foreign}"`)]
    const other = claims.slice(0, at).find(({ prefix }) => overlap(prefix, claim.prefix))
    if (!other) return []
    const { file: name, line } = other.file.problem(other.path, '')
    const message = `"${claim.prefix}" overlaps "${other.prefix}" of ${name}:${line}`
    return [file.problem(path, message, 'a file would belong to both: make one of them narrower')]
  })
}

/** The prefixes of bronze that a source fills, each at the entity that it is for. */
function claimsOf({ source, file }: Read) {
  const entities = entitiesOf(source)
  return feedsOf(source).map(({ prefix }, at) => {
    const last = entities[at]?.prefix === undefined ? 'entity' : 'prefix'
    return {
      source: source.source,
      file,
      prefix,
      path: ['entities', at, last] as Path,
    }
  })
}
