import { afterAll, beforeAll, expect, test } from 'vitest'
import { fuzz } from '../../../bench/webhooks/fuzz.js'
import { silenceConsumers } from '../../../bench/webhooks/silence.js'
import { ROOT, type Stack, startStack } from '../stack.js'

const REQUESTS = 10_000
const MEMORY_RATIO_MAX = 1.1
let stack: Stack
beforeAll(async () => {
  stack = await startStack()
  await silenceConsumers(String(stack.env.SLUICE_BUS))
})
afterAll(() => stack?.stop())

test('10,000 requests that nobody would send: no 5xx, nobody without the secret let in, bounded memory', {
  timeout: 900_000,
}, async () => {
  const found = await fuzz(ROOT, String(stack.env.SLUICE_API_URL), REQUESTS)
  expect(found.problems).toEqual([])
  expect(found.requests).toBeGreaterThan(0.95 * REQUESTS)
  expect(Object.keys(found.statuses.known)).toContain('202')
  const { heap, resident } = found.memory
  expect(Math.max(heap, resident), JSON.stringify(found.memory)).toBeLessThanOrEqual(MEMORY_RATIO_MAX)
})
