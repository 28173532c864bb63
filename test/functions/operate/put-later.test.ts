import { describe, expect, test } from 'vitest'
import { delayedEvent, putLater } from '../../../functions/operate/put-later/put-later.js'
import { later } from '../../../shared/later.js'
import { fakeClient } from '../../fakes/aws-client.js'
import { FakeBus } from '../../fakes/bus.js'
import { FakeClock } from '../../fakes/clock.js'

const SETTLED = { name: 'Lane Settled' as const, detail: { lane: 'cleanse:market_data' } }

/** What `later` sends, as SQS would hand it out. */
async function sent(seconds: number) {
  const { client, calls } = fakeClient<NonNullable<Parameters<typeof later>[1]>>({
    SendMessageCommand: () => ({}),
  })
  await later('the-queue', client, new FakeClock())(SETTLED, seconds)
  return calls[0]?.input as { QueueUrl: string; DelaySeconds: number; MessageBody: string }
}

describe('what is put off', () => {
  test('is sent to the queue as the event that it will be', async () => {
    const { QueueUrl, MessageBody } = await sent(60)
    expect(QueueUrl).toBe('the-queue')
    expect(delayedEvent.parse(JSON.parse(MessageBody))).toMatchObject({
      'detail-type': 'Lane Settled',
      detail: SETTLED.detail,
    })
  })

  test.each([
    [60, 60],
    [0.2, 1],
    [-5, 0],
    [7_200, 900],
  ])('for %d seconds waits %i: SQS counts whole ones, 900 at most', async (seconds, delay) => {
    expect((await sent(seconds)).DelaySeconds).toBe(delay)
  })

  test('comes onto the bus; what the bus refuses comes back, and nothing else', async () => {
    const bus = new FakeBus()
    const refusing = async (events: Parameters<typeof bus.publish>[0]) => {
      if (events.some(({ name }) => name === 'Backfill Moved')) throw new Error('refused')
      await bus.publish(events)
    }
    const answer = await putLater(refusing, [
      { 'detail-type': SETTLED.name, detail: SETTLED.detail },
      { 'detail-type': 'Backfill Moved', detail: { backfillId: 'b' } },
    ])
    expect(bus.seen).toEqual([SETTLED])
    expect([...answer.failed]).toEqual([[1, new Error('refused')]])
  })

  test('is refused unless it is one of the events that may be put off', () => {
    const event = {
      id: 'e',
      time: 't',
      source: 'sluice',
      'detail-type': 'Batch Ready',
      detail: { runId: 'r' },
    }
    expect(delayedEvent.safeParse(event).success).toBe(false)
  })
})
