import { isDeepStrictEqual } from 'node:util'
import type { Condition, IndexName, Item, Write } from '../../shared/ledger.js'

/** A call that DynamoDB refuses as malformed: an error of the caller, whatever the table holds. */
export class ValidationException extends Error {
  override readonly name = 'ValidationException'
}

/** These indexes show this only (infra/ledger.yml), the others all of an item. */
export const PROJECTED: Partial<Record<IndexName, string[]>> = {
  due: ['PK', 'SK', 'duePk', 'dueAt', 'runId'],
  correlations: [
    ...['PK', 'SK', 'correlationId', 'run', 'source', 'key', 'event', 'did', 'outcome', 'at'],
    ...['landedAt', 'receivedAt'],
  ],
}

/** An item holds at most 400 KB (DynamoDB developer guide, "Service quotas"). */
const ITEM_BYTES_MAX = 400 * 1_024

/**
 * A copy as the SDK makes it on the way to the table: no undefined values, finite numbers only. It is frozen, so that
 * it can be handed out as it is: who changes what the ledger gave is told at once.
 */
export function stored<T>(value: T): T {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} is no number`)
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value
  if (Array.isArray(value)) return Object.freeze(value.map((one) => stored(one))) as T
  const copy: Record<string, unknown> = {}
  for (const name of Object.keys(value)) {
    const content = (value as Record<string, unknown>)[name]
    if (content !== undefined) copy[name] = stored(content)
  }
  return Object.freeze(copy) as T
}

/** Whether a condition holds for an item, or for the absence of one. */
export function holds(condition: Condition, item: Item | undefined): boolean {
  if ('absent' in condition) return item?.[condition.absent] === undefined
  if ('present' in condition) return item?.[condition.present] !== undefined
  const value = item?.[condition.attribute]
  if ('is' in condition) return value !== undefined && isDeepStrictEqual(value, stored(condition.is))
  if (value === undefined) return condition.orAbsent === true
  return typeof value === 'number' && value < condition.below
}

/** The item after a write, or nothing when the write deletes it; `undefined` stands for "no item" on both sides. */
export function written(write: Write, before: Item | undefined): Item | undefined {
  if ('put' in write) return bounded(write.put)
  if ('check' in write) return before
  return 'update' in write ? bounded(updated(write, before)) : undefined
}

function updated(write: Extract<Write, { update: unknown }>, before: Item | undefined): Item {
  const { update, set = {}, append = {}, remove = [] } = write
  const touched = [...Object.keys(set), ...Object.keys(append), ...remove]
  if (touched.length === 0) throw new ValidationException('an update that changes nothing')
  if (new Set(touched).size < touched.length) throw new ValidationException('two document paths overlap')
  if (touched.some((name) => name === 'PK' || name === 'SK'))
    throw new ValidationException('an update cannot change the key')
  const after: Item = { ...(before ?? update), ...set }
  for (const [name, values] of Object.entries(append)) {
    const list = before?.[name] ?? []
    if (!Array.isArray(list)) throw new ValidationException(`${name} is no list`)
    after[name] = [...list, ...values]
  }
  for (const name of remove) delete after[name]
  return after
}

function bounded(content: Item): Item {
  const item = stored(content)
  if (!item.PK || !item.SK) throw new ValidationException('a key attribute is empty')
  if (Buffer.byteLength(JSON.stringify(item)) > ITEM_BYTES_MAX)
    throw new ValidationException('an item is larger than 400 KB')
  return item
}
