import type * as z from 'zod'
import { nodeAt } from './json-schema.js'
import { nearest } from './nearest.js'
import type { Parsed, Path, Problem } from './places.js'

type Issue = z.core.$ZodIssue

/** What zod found in a file, in plain words, at its place, and with what was probably meant. */
export function explain(file: Parsed, issues: readonly Issue[]): Problem[] {
  const { data } = file
  if (data === null || data === undefined)
    return [file.problem([], 'the file is empty', 'docs/sources.md shows what it holds')]
  if (typeof data !== 'object' || Array.isArray(data))
    return [file.problem([], `needs keys and values, not ${shown(data)}`)]
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? unknownKeys(file, issue) : [],
  )
  const meant = new Set(unknown.map(({ instead }) => instead))
  const others = issues
    .filter(({ code }) => code !== 'unrecognized_keys')
    .map((issue) => ({ issue, isMissing: valueAt(data, issue.path) === undefined }))
    // A key that is only misspelled is one mistake, not an unknown key and a missing one.
    .filter(({ issue, isMissing }) => !(isMissing && meant.has(JSON.stringify(issue.path))))
    .map(({ issue, isMissing }) => (isMissing ? missing(file, issue) : wrong(file, issue)))
  return [...unknown.map(({ problem }) => problem), ...others]
}

function unknownKeys(file: Parsed, { keys, path }: Extract<Issue, { code: 'unrecognized_keys' }>) {
  const known = Object.keys(nodeAt(file.data, path)?.properties ?? {})
  const present = Object.keys((valueAt(file.data, path) as object | undefined) ?? {})
  return keys.map((key) => {
    const near = nearest(
      key,
      known.filter((one) => !present.includes(one)),
    )
    const way = didYouMean(near) ?? `known here are ${known.join(', ')}`
    const instead = near && JSON.stringify([...path, near])
    return { instead, problem: file.problem([...path, key], 'unknown key', way, 'key') }
  })
}

function missing(file: Parsed, issue: Issue): Problem {
  const known = candidates(issue)
  const siblings = Object.keys((valueAt(file.data, issue.path.slice(0, -1)) as object | null) ?? {})
  const key = issue.path.at(-1)
  const written = siblings.find(
    (sibling) => key !== undefined && nearest(sibling, [String(key)]) !== undefined,
  )
  const way = written
    ? `"${written}" is no key; did you mean ${String(key)}?`
    : known && `one of ${known.join(', ')}`
  return file.problem(issue.path, 'is missing', way ?? nodeAt(file.data, issue.path)?.description)
}

function wrong(file: Parsed, issue: Issue): Problem {
  const value = valueAt(file.data, issue.path)
  const known = candidates(issue)
  if (issue.code === 'custom') {
    const near = known && nearest(String(issue.params?.value), known)
    const isPlain = typeof value !== 'string' || issue.params !== undefined
    const message = isPlain ? issue.message : `${shown(value)} is wrong: ${issue.message}`
    return file.problem(issue.path, message, didYouMean(near))
  }
  if (known) {
    const near = nearest(String(value), known)
    return file.problem(issue.path, `${shown(value)} is not one of ${known.join(', ')}`, didYouMean(near))
  }
  return file.problem(issue.path, sentence(issue, value))
}

function sentence(issue: Issue, value: unknown): string {
  const things = Array.isArray(value) ? ' entries' : typeof value === 'string' ? ' characters' : ''
  if (issue.code === 'too_big') return `at most ${issue.maximum}${things}, not ${size(value)}`
  if (issue.code === 'too_small') return `at least ${issue.minimum}${things}, not ${size(value)}`
  if (issue.code === 'invalid_type')
    return `needs ${KINDS_OF[issue.expected] ?? issue.expected}, not ${shown(value)}`
  return `${shown(value)} is wrong: ${issue.message}`
}

const KINDS_OF: Record<string, string> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys and values',
}

/** The values that an issue allows, when they can be counted. */
function candidates(issue: Issue): string[] | undefined {
  if (issue.code === 'invalid_value') return issue.values.map(String)
  if (issue.code === 'custom') return issue.params?.candidates as string[] | undefined
  if (issue.code === 'invalid_union' && 'options' in issue) return (issue.options as unknown[]).map(String)
  return undefined
}

export const didYouMean = (near: string | undefined) =>
  near === undefined ? undefined : `did you mean ${near}?`

const size = (value: unknown) =>
  Array.isArray(value) || typeof value === 'string' ? value.length : (value as number)
const shown = (value: unknown) => {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'keys and values' : JSON.stringify(value)
}

const valueAt = (data: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key],
    data,
  )
