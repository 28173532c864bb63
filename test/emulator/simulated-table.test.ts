import { beforeAll, test } from 'vitest'
import { awsCaller } from '../../shared/doors/aws-call.js'
import type { Ledger } from '../../shared/ledger.js'
import { documentClient, ledger } from '../../shared/ledger-dynamo.js'
import { createLedgerTable } from './table.js'
import { agreeOnBatches, agreeOnCounts, agreeOnSequences } from './table-agreement.js'

/** A few of each, always the same; thousands of others are in the acceptance tests. */
const SEED = 20_260_302
const TABLE = 'simulated'
const client = documentClient()
let real: Ledger

beforeAll(async () => {
  real = ledger(await createLedgerTable(TABLE), client)
})

test('the tables in memory answer every write, read, page and index as DynamoDB does', async () => {
  await agreeOnSequences(real, { numRuns: 50, seed: SEED })
})

test('the simulated table takes puts and deletions in batches as DynamoDB does', async () => {
  await agreeOnBatches(TABLE, client, { numRuns: 30, seed: SEED })
})

test('the simulated table counts the door’s requests as DynamoDB does', async () => {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_ENDPOINT_URL: endpoint } = process.env
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY }
  const call = awsCaller(
    () => ({ region: 'us-east-1', endpoint }),
    () => credentials,
    Date.now,
  )
  await agreeOnCounts(TABLE, { call, on: real }, { numRuns: 30, seed: SEED })
})
