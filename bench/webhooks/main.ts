// `npm run bench:webhooks`: the door beside an empty function behind the same API, in one run. Prints JSON.

import { parseArgs } from 'node:util'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { project } from '../../shared/declared.js'
import { startStack } from '../../test/acceptance/stack.js'
import { outputs } from '../../tools/deploy/bootstrap.js'
import { type Spread, spread } from '../hops/measure.js'
import { deployEmpty, EMPTY_PATH } from './empty.js'
import { type Answered, airbyteNotice, post, setSecret, signed } from './sender.js'
import { silenceConsumers } from './silence.js'

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000' },
    source: { type: 'string', default: 'facebook_ads' },
    // With them the door shares two cores with all that follows from a sync; on AWS it does not.
    'with-consumers': { type: 'boolean', default: false },
  },
})
const CALLS = Number(values.calls)
const AT_ONCE = 20
/** What each environment of a function has answered before it is measured, be it one or twenty. */
const WARM_UP = 60
const RATIO_MAX = 2.5
const SECRET = 'bench-key-0123456789'
const CONNECTION = '5d1c9d7a-7e3f-4a53-8b90-2a1b6c4d8e01'

interface Pair {
  empty: Spread
  door: Spread
  medianRatio: number
  p95Ratio: number
  within: boolean
}

function compared(empty: number[], door: number[]): Pair {
  const [floor, measured] = [spread(empty), spread(door)]
  const medianRatio = measured.medianMilliseconds / floor.medianMilliseconds
  const p95Ratio = measured.p95Milliseconds / floor.p95Milliseconds
  const within = medianRatio <= RATIO_MAX && p95Ratio <= RATIO_MAX
  return { empty: floor, door: measured, medianRatio, p95Ratio, within }
}

const stack = await startStack()
try {
  const { ApiId } = (await outputs(new CloudFormationClient({}), 'sluice-local')) ?? {}
  await deployEmpty(String(ApiId))
  const api = String(stack.env.SLUICE_API_URL)
  const declared = project.sources[values.source]
  if (!declared?.door) throw new Error(`no door is declared for ${values.source}`)
  await setSecret(declared.door.auth.secret, SECRET)
  const silenced = values['with-consumers'] ? 0 : await silenceConsumers(String(stack.env.SLUICE_BUS))

  let job = 0
  const headers = { 'content-type': 'application/json' }
  const expect202 = (answered: Answered) => {
    if (answered.status !== 202) throw new Error(`answered ${answered.status}: ${answered.body}`)
    return answered.milliseconds
  }
  const callEmpty = () => post(`${api}${EMPTY_PATH}`, headers, airbyteNotice(CONNECTION, 0)).then(expect202)
  const callDoor = () => {
    job += 1
    const body = airbyteNotice(CONNECTION, job)
    const { url, headers: shown } = signed(api, values.source, declared, SECRET, body)
    return post(url, shown, body).then(expect202)
  }

  /** One after another, in turns, so that whatever disturbs the machine disturbs both. */
  const sequential = async (calls: number): Promise<[number[], number[]]> => {
    const [empty, door]: [number[], number[]] = [[], []]
    for (let call = 0; call < calls; call += 1) {
      empty.push(await callEmpty())
      door.push(await callDoor())
    }
    return [empty, door]
  }
  const block = async (call: () => Promise<number>, calls: number): Promise<number[]> => {
    const took: number[] = []
    let begun = 0
    const worker = async () => {
      for (; begun < calls; ) {
        begun += 1
        took.push(await call())
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    return took
  }
  /** In blocks of a hundred, in turns. */
  const parallel = async (calls: number): Promise<[number[], number[]]> => {
    const [empty, door]: [number[], number[]] = [[], []]
    for (let done = 0; done < calls; done += 100) {
      empty.push(...(await block(callEmpty, Math.min(100, calls - done))))
      door.push(...(await block(callDoor, Math.min(100, calls - done))))
    }
    return [empty, door]
  }

  await sequential(WARM_UP)
  const one = compared(...(await sequential(CALLS)))
  await parallel(WARM_UP * AT_ONCE)
  const many = compared(...(await parallel(CALLS)))
  const within = one.within && many.within
  const told = {
    calls: CALLS,
    atOnce: AT_ONCE,
    warmUpOfEachEnvironment: WARM_UP,
    source: values.source,
    silencedRules: silenced,
    ratioMax: RATIO_MAX,
  }
  process.stdout.write(`${JSON.stringify({ ...told, sequential: one, parallel: many, within }, null, 2)}\n`)
  process.exitCode = within ? 0 : 1
} finally {
  await stack.stop()
}
