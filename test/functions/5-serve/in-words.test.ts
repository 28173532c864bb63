import { expect, test } from 'vitest'
import { bodyOf, retryBody } from '../../../functions/5-serve/api/bodies.js'
import { backfillBody } from '../../../functions/5-serve/api/intake-bodies.js'
import { parameters, runsQuery } from '../../../functions/5-serve/api/queries.js'

/** What a person reads of a mistake: the name of what is wrong, what was sent, what would do. */
test.each([
  ['kind=foo', 'kind: "foo" is none of cleanse, build, extract, compact'],
  [
    'state=PARKD',
    'state: "PARKD" is none of FILLING, READY, RUNNING, COMMITTING, COMMITTED, PARKED, REPLAYED',
  ],
  ['limit=0', 'limit: at least 1'],
  ['limit=201', 'limit: at most 200'],
  ['limit=abc', 'limit: needs a number'],
  ['foo=x', 'query: "foo" is not known here'],
])('a query %s', (query, said) => {
  const asked = new Request(`http://api/runs?${query}`)
  expect(() => parameters(asked, runsQuery)).toThrow(`this query cannot be answered: ${said}`)
})

const post = (body: unknown) => new Request('http://api/', { method: 'POST', body: JSON.stringify(body) })

test.each([
  [retryBody, {}, 'by: is missing'],
  [retryBody, { by: '' }, 'by: is empty'],
  [retryBody, { by: 'x'.repeat(201) }, 'by: at most 200 characters'],
  [retryBody, { by: 7 }, 'by: needs a text'],
  [
    backfillBody,
    { source: 's', from: '2015-13-01', to: '2015-01-10', by: 'a' },
    'from: needs a day that there is',
  ],
])('a body: %#', async (schema, body, said) => {
  await expect(bodyOf(post(body), schema)).rejects.toThrow(said)
})
