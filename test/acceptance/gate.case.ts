import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { program } from '../../cli/main.js'
import type { Run } from './chain.js'
import { keysOf, ledgerItem } from './operator.js'
import { until } from './poll.js'
import { ndjson, price, prices } from './rows.js'
import { ROOT } from './stack.js'
import { landFiles, type World } from './world.js'

const ALERT_SECONDS_MAX = 30

/**
 * What `npx sluice <words>` prints, for one who works on the world's stack; throws what it would say on failing. It
 * works in this process, for a start of Node takes longer than any of its commands.
 */
export async function sluice(...words: string[]): Promise<string> {
  let printed = ''
  await program((text) => {
    printed += text
  }).parseAsync(words, { from: 'user' })
  return printed
}

/** The same in a process of its own, as a person starts it. */
async function sluiceProcess(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [`${ROOT}/cli/sluice.mjs`, ...words], {
    cwd: ROOT,
    env: process.env,
    maxBuffer: 1 << 26,
  })
  return stdout
}

/** Waits until a failed run stands in an incident and gives that. */
export async function incidentOf(runId: string) {
  const seconds = ALERT_SECONDS_MAX
  const heard = () => ledgerItem(`ENTRY#alert#run:${runId}`)
  const { incidentId } = await until(`an incident of run ${runId}`, heard, { seconds })
  return ledgerItem(`INCIDENT#${incidentId}`)
}

const BAD = [
  ...prices('GATE', 80),
  ...prices('GATE', 12).map((row) => ({ ...row, close: -1 })),
  ...prices('GATE', 8).map((row) => ({ ...row, currency: 'EUR' })),
]

/** A batch with more rejects than its contract allows. */
export function gateCase(world: () => World): void {
  let parked: Run
  let editions: Record<string, string | null>

  test('a batch with more rejects than its contract allows is held at the gate', async () => {
    editions = await chain().editions()
    const [key] = await landFiles(
      world(),
      [{ source: 'market-data', name: 'gate.ndjson', content: ndjson(BAD) }],
      {
        counts: false,
      },
    )
    const runs = await chain().rest(world().landed)
    parked = await chain().run(runs[0]?.runId ?? '')
    expect(parked).toMatchObject({
      state: 'PARKED',
      subject: 'market_data',
      rows: { in: 100, out: 80, duplicates: 0, rejected: 20 },
      reasons: { close_out_of_range: 12, currency_not_allowed: 8 },
      inputs: [{ key }],
      outputs: [],
    })
    expect(parked.reason).toMatch(
      /20 of 100 rows rejected \(20\.0 %\), the contract allows 5 %: close_out_of_range 12/,
    )
  })

  test('nothing of that batch is in silver or in gold', async () => {
    const silver = await keysOf('SILVER', 'entity=')
    expect(silver.length).toBeGreaterThan(0)
    expect(silver.filter((name) => name.includes(parked.runId))).toEqual([])
    expect(await chain().editions()).toEqual(editions)
    expect(await chain().gold('risk', 'var_calculations', { scope_id: 'GATE' })).toEqual([])
  })

  test('the command line shows why, and people were told', async () => {
    const shown = JSON.parse(await sluice('show', parked.runId, '--json'))
    expect(shown).toMatchObject({ state: 'PARKED', reason: parked.reason, reasons: parked.reasons })
    const page = await sluiceProcess('show', parked.runId)
    for (const words of ['PARKED', 'close_out_of_range', 'currency_not_allowed', '20 of 100 rows rejected']) {
      expect(page).toContain(words)
    }
    expect(await incidentOf(parked.runId)).toMatchObject({ priority: 'P3', reason: parked.reason })
    const { events = [] } = await chain().run(parked.runId)
    expect(events.map(({ stage }) => stage)).toContain('raise-alert')
  })

  test('the lane goes on with the next good file, and a correction changes gold', async () => {
    const before = await chain().gold('finance', 'daily_portfolio_summary', { summary_date: '2013-03-01' })
    const correction = [price('MSFT', '2013-03-01', 54.25), price('IBM', '2013-03-01', 301.5)]
    await landFiles(world(), [
      { source: 'market-data', name: 'zz1-correction.ndjson', content: ndjson(correction) },
    ])
    const runs = await chain().rest(world().landed)
    const cleanse = runs.find(({ kind }) => kind === 'cleanse')
    expect(cleanse).toMatchObject({ state: 'COMMITTED', rows: { in: 2, out: 2, duplicates: 0, rejected: 0 } })
    const after = await chain().gold('finance', 'daily_portfolio_summary', { summary_date: '2013-03-01' })
    expect(after.length).toBe(before.length)
    expect(after.map(({ market_value }) => market_value)).not.toEqual(
      before.map(({ market_value }) => market_value),
    )
  })

  const chain = () => world().chain
}
