import { readFileSync } from 'node:fs'
import fc from 'fast-check'

/** Bodies that senders could come to send: their own, broken in every way that a wire or a person breaks them. */

const sent = (name: string) =>
  readFileSync(new URL(`../../test/payloads/${name}.json`, import.meta.url), 'utf8')
const NAMES = [
  'airbyte-sync-succeeded',
  'airbyte-sync-succeeded-newer-fields',
  'airbyte-sync-failed',
  'airbyte-sync-queued',
  'airbyte-test-message',
  'flat-sync-succeeded',
  'flat-sync-failed',
  'dbt-run-completed',
  'dbt-run-errored',
  'dbt-run-errored-as-completed',
]
const bodies = NAMES.map(sent)

/** Values that parsers, ledgers and logs have stumbled over. */
const HARD: unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e21,
  2 ** 53,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '${jndi:ldap://x}',
  "'; DROP TABLE syncs; --",
  '../../etc/passwd',
  'x'.repeat(5_000),
  '😀'.repeat(300),
  [],
  {},
  [[[[[[]]]]]],
  { __proto__: null, constructor: 1 },
]

type Path = (string | number)[]
/** Every place in a JSON value. */
function places(value: unknown, path: Path = []): Path[] {
  if (value === null || typeof value !== 'object') return [path]
  return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))]
}

/** A copy with another value in one place, or without it. */
function changed(value: unknown, [key, ...rest]: Path, change: (was: unknown) => unknown): unknown {
  if (key === undefined) return change(value)
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) }
  const inner = rest.length === 0 ? change(copy[key]) : changed(copy[key], rest, change)
  if (inner === undefined) delete copy[key]
  else copy[key] = inner
  return copy
}

const byValue = fc
  .tuple(
    fc.constantFrom(...bodies),
    fc.nat(),
    fc.oneof(fc.constantFrom(...HARD), fc.jsonValue(), fc.constant(undefined)),
  )
  .map(([text, where, value]) => {
    const content = JSON.parse(text)
    const all = places(content)
    return Buffer.from(JSON.stringify(changed(content, all[where % all.length] ?? [], () => value)) ?? '')
  })

const byBytes = fc
  .tuple(
    fc.constantFrom(...bodies),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
  )
  .map(([text, flips]) => {
    const bytes = Buffer.from(text)
    for (const [where, by] of flips) bytes[where % bytes.length] = by
    return bytes
  })

const cut = fc
  .tuple(fc.constantFrom(...bodies), fc.nat())
  .map(([text, at]) => Buffer.from(text).subarray(0, at % text.length))
const noise = fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes))
const nested = fc
  .integer({ min: 1, max: 20_000 })
  .map((depth) => Buffer.from(`${'[{"data":'.repeat(depth)}1${'}]'.repeat(depth)}`))
const large = fc
  .integer({ min: 100_000, max: 1_200_000 })
  .map((bytes) => Buffer.from(`{"text":"${'a'.repeat(bytes)}"}`))
const whole = fc
  .tuple(fc.constantFrom(...bodies), fc.nat(10_000))
  .map(([text, job]) => Buffer.from(text.replace(/8021\d|4500\d/, String(job))))

/** One body of the corpus. */
export const anyBody: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 40, arbitrary: byValue },
  { weight: 20, arbitrary: byBytes },
  { weight: 15, arbitrary: whole },
  { weight: 10, arbitrary: cut },
  { weight: 10, arbitrary: noise },
  { weight: 3, arbitrary: nested },
  { weight: 2, arbitrary: large },
)

export const anyContentType = fc.oneof(
  { weight: 8, arbitrary: fc.constant('application/json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('text/plain', 'application/x-www-form-urlencoded', 'application/xml', ''),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('application/json; charset=utf-8', 'application/cloudevents+json'),
  },
)
