import fc from 'fast-check'
import { expect, test } from 'vitest'
import { finishRun } from '../../shared/end-run.js'
import { parseAttemptName } from '../../shared/run.js'
import { Chain } from '../fakes/chain.js'
import { checkRest } from '../fakes/invariants.js'

/** Failures that the properties once found stay as seeds. */
const SEED = 20_260_302
const file = fc.record({
  source: fc.constantFrom('prices', 'trades', 'notes'),
  /** S3's event of it: once, twice, or never. */
  events: fc.constantFrom(1, 1, 2, 0),
})
const batches = fc.array(fc.array(file, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 })
const crash = fc.record({
  call: fc.integer({ min: 1, max: 300 }),
  when: fc.constantFrom('before' as const, 'after' as const),
})

test('whatever dies, gets lost, comes twice or fails: every file ends in one run, and every lane is free', async () => {
  const property = fc.asyncProperty(
    batches,
    fc.array(crash, { maxLength: 4 }),
    fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    fc.boolean(),
    async (landings, crashes, failures, retried) => {
      let jobs = 0
      const fails = () => failures[jobs++ % failures.length] === true
      const chain = new Chain({
        retried,
        job: (_, __, kind) =>
          kind === 'cleanse' && fails()
            ? { ok: false, reason: 'exit code 1', failureClass: 'crashed' as const }
            : { ok: true },
      })
      chain.parts.faults.crashAt(...crashes)
      for (const [number, batch] of landings.entries()) {
        const landed = batch.map(({ source, events }, place) => ({
          events,
          event: chain.land(`${number}-${place}.json`, { source }),
        }))
        const events = landed.flatMap((one) => Array.from({ length: one.events }, () => one.event))
        if (events.length > 0) await chain.record(...events)
        if (number % 2 === 1) await chain.drain()
      }
      await chain.rest()
      await checkRest(chain)
    },
  )
  await fc.assert(property, { numRuns: 100, seed: SEED })
})

/** Ends each running job twice at once, as EventBridge may tell of it. */
async function endAllTwice(chain: Chain): Promise<void> {
  const running = chain.parts.tasks.running().map(({ request, job }) => ({
    job,
    kind: request.container === 'dbt' ? ('build' as const) : ('cleanse' as const),
    name: parseAttemptName(request.startedBy),
  }))
  const ends = running.flatMap(({ job, kind, name }) => {
    const { runId, attempt } = name ?? { runId: '', attempt: 0 }
    const end = async () => {
      const ended = await chain.leaveReport(runId, attempt)
      chain.parts.tasks.end(job, ended)
      await finishRun(chain.parts.ends[kind], runId, attempt, ended)
    }
    return [end(), end()]
  })
  await Promise.all(ends)
}

test('in whatever order the effects of invocations at once happen: one job an attempt, and nothing is lost', async () => {
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const chain = new Chain({ errorsKept: true })
    const { bus, faults, tasks } = chain.parts
    faults.pause = (effect) => scheduler.schedule(Promise.resolve(), effect)
    const [a, b, c] = ['a', 'b', 'c'].map((name) => chain.land(`${name}.json`))
    if (!a || !b || !c) throw new Error('three files were landed')
    await scheduler.waitFor(Promise.all([chain.record(a), chain.record(b, c), chain.record(a, c)]))
    for (let round = 0; round < 4; round += 1) {
      const events = Array.from({ length: 20 }, () => bus.take()).filter((event) => event !== undefined)
      const late = round === 0 ? [chain.record(chain.land('late.json'))] : []
      const twice = events.flatMap((event) => [chain.deliver(event), chain.deliver(event)])
      await scheduler.waitFor(Promise.all([...twice, ...late, endAllTwice(chain)]))
    }
    faults.pause = undefined
    await chain.rest()
    await checkRest(chain)
    const tokens = tasks.tasks.map(({ request }) => request.clientToken)
    expect(new Set(tokens).size).toBe(tokens.length)
    expect(chain.parts.ledger.all('RUN#').filter(({ state }) => state === 'PARKED')).toEqual([])
  })
  await fc.assert(property, { numRuns: 60, seed: SEED })
})
