import { afterAll, beforeAll, describe } from 'vitest'
import { alertsCase } from './alerts.case.js'
import { approveCase } from './approve.case.js'
import { backfillCase } from './backfill.case.js'
import { badInputCase } from './bad-input.case.js'
import { failingTestCase } from './failing-test.case.js'
import { gateCase } from './gate.case.js'
import { healthCase } from './health.case.js'
import { lineageCase } from './lineage.case.js'
import { redeliveryCase } from './redelivery.case.js'
import { rightsCase } from './rights.case.js'
import { samplesCase } from './samples.case.js'
import { secondBuildCase } from './second-build.case.js'
import { startWorld, type World } from './world.js'

const SET_UP_MILLISECONDS_MAX = 180_000
const TEST_MILLISECONDS_MAX = 300_000

/** One local AWS for all cases: each goes on from where the case before left silver and gold. */
describe('the deployed chain', { timeout: TEST_MILLISECONDS_MAX }, () => {
  let world: World
  beforeAll(async () => {
    // What is put off for a minute comes after three seconds.
    world = await startWorld({ launcher: ['--delay-scale', '0.05'] })
  }, SET_UP_MILLISECONDS_MAX)
  afterAll(async () => {
    await world?.stop()
  })

  describe('from bronze to gold', () => samplesCase(() => world))
  describe('how the data is', () => healthCase(() => world))
  describe('what comes again', () => redeliveryCase(() => world))
  describe('the gate', () => gateCase(() => world))
  describe('a second build', () => secondBuildCase(() => world))
  describe('one delivery, followed to gold', () => lineageCase())
  describe('a held batch that a person lets through', () => approveCase(() => world))
  describe('what people are told', () => alertsCase(() => world))
  describe('a failing dbt test', () => failingTestCase(() => world))
  describe('bad input', () => badInputCase(() => world))
  describe('a backfill', () => backfillCase(() => world))
  describe('rights', () => rightsCase(() => world))
})
