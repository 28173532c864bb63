import { expect, test } from 'vitest'
import type { BackfillView } from '../../cli/backfill-text.js'
import { putSecret } from '../../tools/start/hands.js'
import { Servers } from '../../tools/start/servers.js'
import { ledgerItem } from './operator.js'
import { until } from './poll.js'
import { ROOT } from './stack.js'
import type { World } from './world.js'

const SECONDS_MAX = 120

/**
 * Two backfills of one source over days without trading, so that gold stays what the other cases expect: the second one
 * waits for the first, a person pauses and resumes it meanwhile, and both come to their end.
 */
export function backfillCase(world: () => World): void {
  test('goes chunk by chunk through the extraction, and the next one of its source waits for it', async () => {
    const servers = new Servers(ROOT)
    try {
      const { url } = await servers.start('rest', '--port', '0', '--key', 'demo')
      await putSecret('/fmp-api/api-key', JSON.stringify({ value: 'demo', url }))
      const first = await begin(world(), '2024-01-06', '2024-01-08', 1)
      const second = await begin(world(), '2024-01-13', '2024-01-15', 30)
      for (const what of ['pause', 'resume'])
        await world().chain.api.post(`/backfills/${second}/${what}`, { by: 'acceptance' })
      expect(await ended(world(), first)).toMatchObject({ state: 'done', counts: { chunks: 2, done: 2 } })
      // The end of the first one wakes it: nobody looks for it, and the reconciler's clock stands still.
      expect(await ended(world(), second)).toMatchObject({ state: 'done', counts: { chunks: 1, done: 1 } })
      const seen = (await (await fetch(`${url}/_seen`)).json()) as { from: string }[]
      expect([...new Set(seen.map(({ from }) => from))].sort()).toEqual([
        '2024-01-06',
        '2024-01-07',
        '2024-01-13',
      ])
      expect(await ledgerItem('BACKFILLING', 'fmp')).toBeUndefined()
    } finally {
      await servers.stop()
    }
  })
}

async function begin({ chain }: World, from: string, to: string, chunkDays: number): Promise<string> {
  const wish = { source: 'fmp', from, to, chunkDays, by: 'acceptance' }
  return (await chain.api.post<{ backfillId: string }>('/backfills', wish)).backfillId
}

async function ended({ chain }: World, backfillId: string): Promise<BackfillView> {
  let seen: BackfillView | undefined
  const ask = async () => {
    seen = await chain.api.get<BackfillView>(`/backfills/${backfillId}`)
    return seen.state !== 'running' && seen
  }
  return until(`the end of backfill ${backfillId}`, ask, { seconds: SECONDS_MAX, seen: () => seen })
}
