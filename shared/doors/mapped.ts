import type { Message } from './airbyte.js'
import { type Heard, type Unreadable, words } from './heard.js'

/** Where a foreign body says what, as JSON Pointers (RFC 6901); as the source file maps it. */
export interface Mapping {
  syncId: string
  succeeded?: { at: string; values: readonly (string | number | boolean)[] } | undefined
  finishedAt?: string | undefined
}

const ID_MAX = 500

/** What a body says by its source's mapping. */
export function readMapped({ content }: Message, mapping: Mapping): Heard | Unreadable {
  const problems: string[] = []
  const which = identifier(at(content, mapping.syncId))
  if (which === undefined)
    problems.push(`${mapping.syncId}: a text, or a whole number up to 2^53, that identifies the sync`)
  const result = mapping.succeeded && at(content, mapping.succeeded.at)
  if (mapping.succeeded && !isScalar(result))
    problems.push(`${mapping.succeeded.at}: a text, number or boolean`)
  const finishedAt = mapping.finishedAt === undefined ? undefined : at(content, mapping.finishedAt)
  if (finishedAt !== undefined && finishedAt !== null && !isTime(finishedAt))
    problems.push(`${mapping.finishedAt}: a time such as 2026-03-02T07:00:00Z`)
  if (which === undefined || problems.length > 0) return { problems }
  const ok = !mapping.succeeded || mapping.succeeded.values.some((value) => value === result)
  return {
    outcome: ok ? 'finished' : 'failed',
    identity: [which, ok],
    job: which,
    ...(isTime(finishedAt) && { finishedAt }),
    ...(!ok && { why: words(`${mapping.succeeded?.at} is ${JSON.stringify(result)}`) }),
  }
}

/** A pointer's segments, read once. */
const segments = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))

/** The value that a JSON Pointer names, or nothing. Own keys only: `/constructor` names nothing. */
export function at(content: unknown, pointer: string): unknown {
  let value = content
  for (const part of segments(pointer)) {
    if (value === null || typeof value !== 'object') return undefined
    if (Array.isArray(value) && !/^(0|[1-9]\d{0,8})$/.test(part)) return undefined
    if (!Object.hasOwn(value, part)) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return value
}

/** A whole number beyond 2^53 has lost its last digits by now, and two syncs would be one. */
function identifier(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
  return typeof value === 'string' && value.length > 0 && value.length <= ID_MAX && value.isWellFormed()
    ? value
    : undefined
}

const isScalar = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)

const TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/
const isTime = (value: unknown): value is string =>
  typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value))
