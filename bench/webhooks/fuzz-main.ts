// `npm run fuzz:webhooks`: 10,000 requests that nobody would send, half of them from strangers. Prints JSON.
import { parseArgs } from 'node:util'
import { ROOT, startStack } from '../../test/acceptance/stack.js'
import { fuzz } from './fuzz.js'
import { silenceConsumers } from './silence.js'

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '10000' }, seed: { type: 'string', default: '20260302' } },
})
const RATIO_MAX = 1.1
const stack = await startStack()
try {
  await silenceConsumers(String(stack.env.SLUICE_BUS))
  const api = String(stack.env.SLUICE_API_URL)
  const found = await fuzz(ROOT, api, Number(values.requests), Number(values.seed))
  process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  const { heap, resident } = found.memory
  process.exitCode = found.problems.length === 0 && Math.max(heap, resident) <= RATIO_MAX ? 0 : 1
} finally {
  await stack.stop()
}
