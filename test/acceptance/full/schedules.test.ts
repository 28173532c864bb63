import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { plannedOf } from '../../../events/schedules.js'
import { project } from '../../../shared/declared.js'
import { ledgerItems } from '../operator.js'
import { until } from '../poll.js'
import { type Stack, startStack } from '../stack.js'

const SET_UP_MILLISECONDS_MAX = 300_000
const HEARD_SECONDS_MAX = 180
const AT = '2026-11-21T02:00:00Z'

interface Shown {
  name: string
  expression: string
  timeZone: string
  next: string | null
  input: string
}

/** The deployed schedules, fired by hand: the same delivery, role and rights as by the clock. */
describe('schedules', () => {
  let stack: Stack
  let shown: Shown[]
  beforeAll(async () => {
    stack = await startStack()
    const answer = await fetch(`${stack.endpoint}/_sluice/schedules`)
    shown = ((await answer.json()) as { schedules: Shown[] }).schedules
  }, SET_UP_MILLISECONDS_MAX)
  afterAll(async () => {
    await stack?.stop()
  })

  test('all that are declared are deployed, each in its own time zone, and have a next time', () => {
    const brief = (when: { cron?: string; rate?: string; timeZone: string }) =>
      `${when.cron ? `cron(${when.cron})` : `rate(${when.rate})`} ${when.timeZone}`
    const deployed = shown.map(({ expression, timeZone }) => `${expression} ${timeZone}`)
    expect(deployed.sort()).toEqual(
      plannedOf(project)
        .map(({ when }) => brief(when))
        .sort(),
    )
    for (const { name, next } of shown) expect(Date.parse(String(next)), name).toBeGreaterThan(Date.now())
  })

  test('a build that wants new data only is recorded when there is none, and once for one scheduled time', async () => {
    // Into a warehouse that no build has ever read a container looks; silver the ledger knows.
    const ofSilver = project.lanes.filter(({ entities }) => entities.length > 0)
    const hourly = shown.filter(
      ({ name }) =>
        name.includes('build-hourly') &&
        ofSilver.some(({ lane }) => name.endsWith(lane.replaceAll('+', '.'))),
    )
    expect(hourly.length).toBe(ofSilver.length)
    for (const { name } of [...hourly, ...hourly]) expect(await fire(stack, name)).toBe(200)
    const fates = await until('each firing has its fate', () => fatesOf('plan-build', 2 * hourly.length), {
      seconds: HEARD_SECONDS_MAX,
    })
    const none = 'no new data since the last good build'
    const did = fates.map((fate) => String(fate.did)).sort()
    expect(did).toEqual([...hourly.map(() => `known already: ${none}`), ...hourly.map(() => none)])
  })

  test('the schedule of each source asks for its own extraction, by the rights of the role alone', async () => {
    const sources = shown.filter(({ input }) => 'source' in JSON.parse(input))
    expect(sources.length).toBeGreaterThan(0)
    for (const { name } of sources) expect(await fire(stack, name), name).toBe(200)
    await until('each was heard', () => fatesOf('start-extract', sources.length), {
      seconds: HEARD_SECONDS_MAX,
    })
  })
})

/** Fires a schedule for one moment; the status says whether its role could deliver. */
async function fire({ endpoint }: Stack, name: string): Promise<number> {
  const body = JSON.stringify({ scheduledTime: AT })
  return (await fetch(`${endpoint}/_sluice/schedules/${name}/fire`, { method: 'POST', body })).status
}

/** What a stage did with its events, once there are that many. */
async function fatesOf(stage: string, count: number) {
  const items = (await ledgerItems('EVENT#')).filter(({ SK }) => SK === stage)
  return items.length >= count && items
}
