import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, test, vi } from 'vitest'
import { awsCaller } from '../../../shared/doors/aws-call.js'
import { documentClient, ledger } from '../../../shared/ledger-dynamo.js'
import { freePort, type LocalAws, startLocalAws } from '../../../tools/start/local-aws.js'
import { createLedgerTable } from '../../emulator/table.js'
import { agreeOnBatches, agreeOnCounts, agreeOnSequences } from '../../emulator/table-agreement.js'

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')
const REGION = 'us-east-1'
const KEYS = { accessKeyId: 'test', secretAccessKey: 'test' }

/** Other sequences each time; the seed that is printed makes them again. */
describe('the tables in memory and DynamoDB agree', () => {
  const seed = Number(process.env.LEDGER_SEED ?? Math.floor(Math.random() * 2 ** 31))
  let local: LocalAws
  let state: string
  let endpoint: string
  beforeAll(async () => {
    process.stdout.write(`sequences on the ledger from LEDGER_SEED=${seed}\n`)
    state = await mkdtemp(join(tmpdir(), 'sluice-ledger-'))
    local = await startLocalAws(root, { port: await freePort(), padSeconds: 0, state })
    endpoint = local.endpoint
    vi.stubEnv('AWS_ENDPOINT_URL', endpoint)
    vi.stubEnv('AWS_REGION', REGION)
    vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS.secretAccessKey)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await local?.stop()
    await rm(state, { recursive: true, force: true })
  })

  test('on writes, reads, pages and indexes, in 2,000 sequences', async () => {
    const real = ledger(await createLedgerTable('sequences'), documentClient())
    await agreeOnSequences(real, { numRuns: 2_000, seed })
  }, 1_800_000)

  test('on batches, in 500 sequences', async () => {
    const table = await createLedgerTable('batches')
    await agreeOnBatches(table, documentClient(), { numRuns: 500, seed })
  })

  test('on counts of requests, in 500 sequences', async () => {
    const table = await createLedgerTable('counts')
    const call = awsCaller(
      () => ({ region: REGION, endpoint }),
      () => KEYS,
      Date.now,
    )
    await agreeOnCounts(table, { call, on: ledger(table, documentClient()) }, { numRuns: 500, seed })
  })
})
