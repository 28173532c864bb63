import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { expect, test } from 'vitest'
import { slackTook, WebhookServer } from '../fakes/webhook-server.js'
import { sluice } from './gate.case.js'
import { ledgerItems, logLines, stackResources } from './operator.js'
import { until } from './poll.js'
import { ndjson } from './rows.js'
import { landFiles, type World } from './world.js'

const TOLD_SECONDS_MAX = 60
const SECRET_PATH = '/services/T00000000/B00000000/TheSecretOfTheWebhook'

/** Starts a local Slack, and fills the secret of the alerts with its address before any function has read it. */
export async function startSlack(): Promise<WebhookServer> {
  const server = new WebhookServer(slackTook)
  const url = `${await server.start()}${SECRET_PATH}`
  const SecretId = (await stackResources()).AlertSecrets
  const SecretString = JSON.stringify({ slackWebhookUrls: [url] })
  await new SecretsManagerClient({}).send(new PutSecretValueCommand({ SecretId, SecretString }))
  return server
}

const trade = (number: number, side: string) => ({
  transaction_id: `TOLD-${number}`,
  account_id: 'ACC-9003',
  symbol: 'MSFT',
  side,
  quantity: 1,
  price: 27.95,
  traded_at: `2013-03-01T16:00:0${number}.000Z`,
  currency: 'USD',
})
const GOOD = [1, 2].map((number) => trade(number, 'BUY'))
const BAD = [3, 4].map((number) => trade(number, 'GIFT'))

/** What people are told: what failed, once for a cause, its end, and what is published. */
export function alertsCase(world: () => World): void {
  const texts = () => world().heard.received.map(({ body }) => (body as { text: string }).text)
  const of = (words: string) => texts().filter((text) => text.includes(words))
  const told = (words: string, times: number) => {
    const heard = async () => of(words).length >= times
    return until(`people hear "${words}"`, heard, { seconds: TOLD_SECONDS_MAX, seen: texts })
  }

  test('two batches that one gate held are one incident, of which Slack is told once', async () => {
    const title = 'cleanse of market_data: held at the gate'
    await told(title, 1)
    const cause = 'cleanse:market_data:gate'
    const [incident, ...more] = (await ledgerItems('INCIDENT#')).filter(
      (item) => item.SK === 'META' && item.cause === cause,
    )
    expect(incident).toMatchObject({ cause, count: 2, state: 'open' })
    expect(more).toEqual([])
    expect(of(title)).toHaveLength(1)
    expect(of(title)[0]).toMatch(
      /^\*\[P3\] cleanse of market_data: held at the gate\* \(sluice-\w+\)\n>\d+ of \d+ rows/,
    )
  })

  test('another cause is told, and its end when a person has let the batch through', async () => {
    const title = 'cleanse of transactions: held at the gate'
    await landFiles(world(), [
      { source: 'trading', name: 'told.ndjson', content: ndjson([...GOOD, ...BAD]), truth: ndjson(GOOD) },
    ])
    const [parked] = await world().chain.rest(world().landed)
    await told(`[P3] ${title}`, 1)
    // A second run takes the file that the held one took.
    world().landed += 1
    await sluice('approve', String(parked?.runId), '--why', 'presents are no trades', '--by', 'ada')
    await told(`[P3, closed] ${title}`, 1)
    await world().chain.rest(world().landed)
    expect(of(title)).toHaveLength(2)
    const closed = (await ledgerItems('INCIDENT#')).filter(
      ({ state, SK, health }) => SK === 'META' && state === 'closed' && !health,
    )
    expect(closed).toMatchObject([{ cause: 'cleanse:transactions:gate', runs: [parked?.runId] }])
  })

  test('Slack is told once of each published edition', async () => {
    // A domain whose sources have not delivered yet has none.
    const editions = Object.values(await world().chain.editions()).filter((edition) => edition !== null)
    expect(editions).toHaveLength(2)
    for (const edition of editions) await told(edition, 1)
    const published = of('is published')
    expect(new Set(published).size).toBe(published.length)
    expect(published[0]).toMatch(
      /^\*\w+\* is published: \w+ [\d,]+ rows.* · from .* · built in .+ · edition `/,
    )
  })

  test('the address of the webhook is in no log and in no item of the ledger', async () => {
    for (const stage of ['send-alert', 'announce']) {
      expect((await logLines(stage, stage)).length).toBeGreaterThan(0)
      expect(await logLines(stage, 'TheSecretOfTheWebhook')).toEqual([])
    }
    expect(JSON.stringify(await ledgerItems(''))).not.toContain('TheSecretOfTheWebhook')
  })
}
