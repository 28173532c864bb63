import { expect, test } from 'vitest'
import type { Run } from './chain.js'
import { sluice } from './gate.case.js'
import { goldAgainstTruth } from './oracle.js'
import { until } from './poll.js'
import { ndjson, prices } from './rows.js'
import { landFiles, type World } from './world.js'

const FATE_SECONDS_MAX = 60
const GOOD = prices('HELD', 16)
const BAD = prices('HELD', 4).map((row) => ({ ...row, close: -1 }))
const WHY = 'the source confirmed it'

/** A person lets a held batch through, and everybody can see who it was and why. */
export function approveCase(world: () => World): void {
  const chain = () => world().chain
  let parked: Run
  let file: string
  let approved: Run

  test('the rejected rows of a held batch are shown with their file and line', async () => {
    const landed = await landFiles(world(), [
      { source: 'market-data', name: 'held.ndjson', content: ndjson([...BAD, ...GOOD]), truth: ndjson(GOOD) },
    ])
    file = String(landed[0])
    const runs = await chain().rest(world().landed)
    parked = await chain().run(runs[0]?.runId ?? '')
    expect(parked).toMatchObject({ state: 'PARKED', rows: { in: 20, out: 16, rejected: 4 } })
    const { rows } = JSON.parse(await sluice('quarantine', 'show', parked.runId, '--json'))
    const lines = [1, 2, 3, 4].map((line) => ({ reason: 'close_out_of_range', file, line }))
    expect(rows).toMatchObject(lines)
    for (const { text } of rows) expect(text).toContain('HELD')
    expect(await sluice('quarantine', 'ls', '--reason', 'close_out_of_range')).toContain(parked.runId)
    expect(await sluice('why', 'held.ndjson')).toContain(`npx sluice approve ${parked.runId}`)
  })

  test('an approval moves its good rows to gold, and is recorded with who and why', async () => {
    // A second run takes the file that the held one took.
    world().landed += 1
    const asked = await sluice('approve', parked.runId, '--why', WHY, '--by', 'ada', '--json')
    const { eventId } = JSON.parse(asked)
    const fate = () => sluice('why', eventId).catch(() => false as const)
    expect(await until('put-back took the approval', fate, { seconds: FATE_SECONDS_MAX })).toContain(
      `approved by ada: ${WHY}`,
    )
    await chain().rest(world().landed)
    const { into } = (await chain().run(parked.runId)) as Run & { into: string }
    approved = await chain().run(into)
    expect(approved).toMatchObject({
      state: 'COMMITTED',
      waiver: { by: 'ada', why: WHY },
      rows: { in: 20, out: 16, duplicates: 0, rejected: 4 },
    })
    expect(await goldAgainstTruth(chain(), world().truth, world().scratch)).toBe('')
  })

  test('why tells the way of the file from the held run to the published edition', async () => {
    const told = await sluice('why', file)
    for (const words of [
      `it was merged into run ${parked.runId} alone`,
      `it was put back, and went into run ${approved.runId} alone`,
      '16 went to silver',
      'was published and is the current one',
    ])
      expect(told).toContain(words)
    expect(await sluice('why', parked.runId)).toContain(`asked by ada: ${WHY}`)
    expect(await sluice('why', 'finance')).toContain('was published and is the current one')
  })

  test('its rejected rows go through the contract again, once, and those that fail still are rejected', async () => {
    world().landed += 1
    const replay = () => sluice('quarantine', 'replay', approved.runId, '--by', 'ada', '--json')
    const { eventId } = JSON.parse(await replay())
    const fate = () => sluice('why', eventId).catch(() => false as const)
    const did = await until('put-back took the replay', fate, { seconds: FATE_SECONDS_MAX })
    expect(did).toContain('rejected rows put back by ada')
    const runs = await chain().rest(world().landed)
    const again = runs.find(({ kind }) => kind === 'cleanse')
    expect(again).toMatchObject({
      state: 'COMMITTED',
      rows: { in: 4, out: 0, duplicates: 0, rejected: 4 },
      reasons: { close_out_of_range: 4 },
    })
    expect(await sluice('why', approved.runId)).toContain(`run ${again?.runId} took them`)
    expect(await replay().catch(({ message }) => message)).toContain('were put back already')
    expect(await goldAgainstTruth(chain(), world().truth, world().scratch)).toBe('')
  })

  test('a second approval is refused with what became of the first', async () => {
    const refused = await sluice('approve', parked.runId, '--why', WHY).catch(({ message }) => message)
    expect(refused).toContain(`is not PARKED: it is REPLAYED, put back into run ${approved.runId}`)
  })
}
