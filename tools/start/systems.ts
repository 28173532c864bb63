import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Client } from '../../cli/client.js'
import { land } from '../../cli/land.js'
import { plural } from '../../cli/render.js'
import { type Deployed, STAGE } from './deploy.js'
import { type Expected, nothingExpected, type SystemName } from './expected.js'
import { atOnce, dropAt, putSecret } from './hands.js'
import { filesToLand } from './options.js'
import { airbyteNotice, answeredText, letter, post, secretOf } from './senders.js'
import { NoServer, type Servers } from './servers.js'

/** What a system's data is brought in with. */
export interface Doors {
  root: string
  deployed: Deployed
  api: Client
  servers: Servers
  /** Says in a line what came in by which door. */
  told(door: string, source: string, what: string): void
}

const SAMPLES = 'samples/systems'
const CONNECTION = '5d1c9d7a-7e3f-4a53-8b90-2a1b6c4d8e01'
const JOB = 80_211

/** How each system's data is brought in. */
export const SYSTEMS: Record<SystemName, (doors: Doors) => Promise<Expected>> = {
  finance,
  marketing,
  commerce,
  households,
}

/** Prices and trades as dropped files, more prices from an API, more trades from a database, and news by a stream. */
async function finance(doors: Doors): Promise<Expected> {
  const { servers, told } = doors
  const key = 'local-fmp-key'
  const { url } = await servers.start('rest', '--port', '0', '--key', key, '--until', '2001-12-31')
  await putSecret('/fmp-api/api-key', JSON.stringify({ value: key, url }))
  await extract(doors, 'fmp', 'a REST API on this machine')
  const extracts = ['fmp']
  try {
    const mongodb = await servers.start('mongodb')
    await putSecret('/mongodb/connection-string', mongodb.url)
    await extract(doors, 'ledger-db', `MongoDB with ${plural(Number(mongodb.documents), 'document')}`)
    extracts.push('ledger-db')
  } catch (error) {
    if (!(error instanceof NoServer)) throw error
    told('extract', 'ledger-db', `left out: ${error.message}`)
  }
  const { stdout } = await python(
    doors,
    'samples.publish_news',
    '--stack',
    `sluice-${STAGE}`,
    '--articles',
    '200',
  )
  told('stream', 'news', `${plural(Number(JSON.parse(stdout).sent), 'article')} to Firehose`)
  const drops = filesToLand('samples')
  const bucket = String(doors.deployed.SLUICE_BRONZE_BUCKET)
  await atOnce(drops, ({ source, file }) => land(bucket, source, file))
  told('drop', 'market-data, trading', plural(drops.length, 'file'))
  const entities = ['market_data', 'transactions', 'news_articles']
  return { ...nothingExpected, files: drops.length + 1, extracts, entities, domains: ['finance', 'risk'] }
}

/** Campaigns that others load into RAW: each notice of a finished sync comes by the door of its source. */
async function marketing(doors: Doors): Promise<Expected> {
  const { servers, deployed, told } = doors
  const { stdout } = await python(doors, 'samples.raw_tables', String(deployed.SLUICE_SILVER_BUCKET))
  for (const [table, rows] of Object.entries(JSON.parse(stdout)))
    told('load', table, `${plural(Number(rows), 'row')} in RAW`)
  const token = 'local-airbyte-token'
  const url = await servers.answer((path, bearer) =>
    path === `/jobs/${JOB}` && bearer === token
      ? { jobId: JOB, status: 'succeeded', jobType: 'sync', connectionId: CONNECTION }
      : undefined,
  )
  await putSecret('/airbyte/api-token', JSON.stringify({ value: token, url }))
  const notice = await door(doors, 'google_ads', 'local-path-key')
  const google = await notice('a finished sync', airbyteNotice(CONNECTION, JOB, true), 202)
  await notice('the same once more', airbyteNotice(CONNECTION, JOB, true), 200)
  await notice('a sync that failed at its source', airbyteNotice(CONNECTION, JOB + 1, false), 200)
  const flat = { connectionId: 'facebook', jobId: 7, status: 'succeeded', sourceName: 'facebook_ads' }
  const facebook = await (await door(doors, 'facebook_ads', 'local-api-key'))('a finished sync', flat, 202)
  const task = { task: { run_id: 'task-1', state: 'SUCCEEDED', completed_at: '2026-03-02T06:10:00Z' } }
  const snowflake = await (await door(doors, 'snowflake-task', 'local-signing-key'))(
    'a finished task',
    task,
    202,
  )
  const job = {
    eventType: 'job.run.completed',
    data: { jobId: '123', runId: '45001', runStatus: 'Success', runStatusCode: 10 },
  }
  const platform = await (await door(doors, 'dbt-platform', 'local-webhook-secret'))(
    'a finished job',
    job,
    202,
  )
  return { ...nothingExpected, domains: ['marketing'], syncs: [google, facebook, snowflake, platform] }
}

/** Events dropped below a folder per day, and the order service's export, which a notice closes. */
async function commerce(doors: Doors): Promise<Expected> {
  const bucket = String(doors.deployed.SLUICE_BRONZE_BUCKET)
  const events = filesBelow(`${SAMPLES}/shop-events`)
  await atOnce(events, (file) => dropAt(bucket, `raw-events/${file}`, `${SAMPLES}/shop-events/${file}`))
  doors.told('drop', 'shop-events', `${plural(events.length, 'file')} below raw-events/`)
  const exports = filesBelow(`${SAMPLES}/shop-exports`)
  await atOnce(exports, (file) => land(bucket, 'shop-exports', `${SAMPLES}/shop-exports/${file}`))
  doors.told('drop', 'shop-exports', `${plural(exports.length, 'file')}, which wait for their notice`)
  const notice = await door(doors, 'shop-exports', 'local-export-key')
  await notice('a complete export', { export: { id: 'export-1', state: 'complete' } }, 202)
  const files = events.length + exports.length
  return { ...nothingExpected, files, entities: ['events'], domains: ['commerce'] }
}

/** Every table of the application's database, extracted from a real PostgreSQL. */
async function households(doors: Doors): Promise<Expected> {
  const { url, tables } = await doors.servers.start('postgres')
  await putSecret('/petforce/connection-string', url)
  const entities = Object.keys(tables as Record<string, number>)
  await extract(doors, 'petforce', `PostgreSQL with ${plural(entities.length, 'table')}`)
  return { ...nothingExpected, extracts: ['petforce'], entities, domains: ['households'] }
}

const python = ({ root }: Doors, module: string, ...options: string[]) =>
  promisify(execFile)(`${root}/.venv/bin/python`, ['-m', module, ...options], { cwd: root })

async function extract({ api, told }: Doors, source: string, from: string): Promise<void> {
  await api.post(`/sources/${source}/extract`, { by: 'npm start' })
  told('extract', source, `asked for, from ${from}`)
}

/** Gives a door its secret and what posts to it; an answer other than the expected one is an error. */
async function door({ deployed, told }: Doors, source: string, secret: string) {
  await putSecret(secretOf(source), secret)
  return async (what: string, content: unknown, expected: number): Promise<string> => {
    const answer = await post(String(deployed.SLUICE_API_URL), letter(source, content, secret))
    told('webhook', source, `${what}: ${answeredText(answer)}`)
    if (answer.status === expected && answer.id) return answer.id
    throw new Error(`the door of ${source} answered ${answer.status}, not ${expected}`)
  }
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ndjson'))
    .sort()
