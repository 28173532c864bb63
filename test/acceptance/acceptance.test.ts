import { afterAll, beforeAll, describe } from 'vitest'
import { samplesCase } from './samples.case.js'
import { startWorld, type World } from './world.js'

const SET_UP_MILLISECONDS_MAX = 180_000
const TEST_MILLISECONDS_MAX = 300_000

/** One local AWS for all cases: each goes on from where the case before left silver and gold. */
describe('the deployed chain', { timeout: TEST_MILLISECONDS_MAX }, () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld()
  }, SET_UP_MILLISECONDS_MAX)
  afterAll(async () => {
    await world?.stack.stop()
  })

  describe('from bronze to gold', () => samplesCase(() => world))
})
