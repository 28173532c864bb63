import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Run } from '../chain.js'
import { bronzeVersions, linesOf } from '../operator.js'
import { until } from '../poll.js'
import { ROOT } from '../stack.js'
import { startWorld, type World } from '../world.js'

const SET_UP_MILLISECONDS_MAX = 300_000
// A stream's files settle for half a minute before they are taken.
const SILVER_SECONDS_MAX = 240
const ARTICLES = 300
const BAD = 8

describe.each(['firehose', 'kinesis'])('news by %s', (variant) => {
  let world: World
  let runs: Run[]
  beforeAll(async () => {
    const launcher = ['--buffer-seconds', '2']
    world = await startWorld({ launcher, parameters: { streams: variant } })
  }, SET_UP_MILLISECONDS_MAX)
  afterAll(async () => {
    await world?.stop()
  })

  test('articles that a publisher with no other right sends come to silver', async () => {
    const outputs = await stackOutputs()
    expect(outputs.NewsTransport).toBe(variant)
    const stream = ['--transport', variant, '--stream', String(outputs.NewsStreamName)]
    await publish([...stream, '--articles', String(ARTICLES), '--bad', String(BAD)], {
      ...world.stack.env,
      ...(await publisherKeys(String(outputs.NewsPublisherPolicy), world.stack.env)),
    })
    runs = await until('all news is cleansed', cleansed, { seconds: SILVER_SECONDS_MAX })
    const rows = sumOf(runs)
    expect(rows.in).toBe(ARTICLES + BAD)
    // Every article is in silver, or was replaced by its own correction.
    expect(rows.out + rows.duplicates).toBe(ARTICLES)
    expect(rows.out).toBeGreaterThan(ARTICLES * 0.85)
  })

  test('what the contract refuses is in quarantine with its reason, and nothing else is', async () => {
    const full = await Promise.all(runs.map(({ runId }) => world.chain.run(runId)))
    const keys = full.flatMap(({ quarantine }) => quarantine ?? []).map(({ key }) => key)
    const rows = (await Promise.all(keys.map((key) => linesOf('QUARANTINE', key)))).flat()
    expect(rows).toHaveLength(BAD)
    const reasons = new Set(rows.map(({ reason }) => String(reason)))
    expect(reasons.size, [...reasons].join()).toBe(4)
  })

  test('Firehose writes lines below the source’s folder by the hour, and nothing where errors go', async () => {
    const keys = (await bronzeVersions()).map(({ Key }) => String(Key))
    const hour = /^source=news\/year=\d{4}\/month=\d\d\/day=\d\d\/hour=\d\d\/[^/]+\.ndjson\.gz$/
    expect(keys.filter((key) => !hour.test(key))).toEqual([])
    expect(keys.length).toBeGreaterThan(0)
    expect(keys.length).toBeLessThan(10)
  })

  /** The committed runs, once all records stand in them. */
  async function cleansed(): Promise<Run[] | false> {
    const found = await world.chain.runs({ kind: 'cleanse', subject: 'news_articles' })
    const committed = found.filter(({ state }) => state === 'COMMITTED')
    return sumOf(committed).in >= ARTICLES + BAD && committed
  }
})

function sumOf(runs: Run[]) {
  const sum = (name: 'in' | 'out' | 'duplicates') =>
    runs.reduce((total, { rows }) => total + Number(rows?.[name] ?? 0), 0)
  return { in: sum('in'), out: sum('out'), duplicates: sum('duplicates') }
}

const publish = (args: string[], env: Record<string, string>) =>
  python(['-m', 'samples.publish_news', ...args], env)

/** Keys of a user who holds the publisher's policy and no other. */
async function publisherKeys(policy: string, env: Record<string, string>): Promise<Record<string, string>> {
  return JSON.parse(await python(['test/acceptance/user_keys.py', 'news-publisher', policy], env))
}

async function python(args: string[], env: Record<string, string>): Promise<string> {
  const options = { cwd: ROOT, env: { PATH: String(process.env.PATH), ...env } }
  return (await promisify(execFile)('.venv/bin/python', args, options)).stdout
}

async function stackOutputs(): Promise<Record<string, string>> {
  const answer = await new CloudFormationClient({}).send(
    new DescribeStacksCommand({ StackName: 'sluice-local' }),
  )
  const outputs = answer.Stacks?.[0]?.Outputs ?? []
  return Object.fromEntries(outputs.map(({ OutputKey, OutputValue }) => [OutputKey, String(OutputValue)]))
}
