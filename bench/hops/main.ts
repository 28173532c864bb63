// `npm run bench`: what a hop of the chain costs beside the floor, measured in one run. Prints JSON.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import type * as z from 'zod'
import {
  BatchReady,
  BuildReady,
  type Detail,
  GateFailed,
  GoldBuilt,
  SilverUpdated,
  SOURCE,
} from '../../events/catalog.js'
import { editionKey, goldPointerKey } from '../../shared/build.js'
import type { Edition, Pointer } from '../../shared/editions.js'
import { awsEnvironment, deployLocally } from '../../tools/start/deploy.js'
import { buildImages, freePort, startLocalAws } from '../../tools/start/local-aws.js'
import { readOptions } from '../../tools/start/options.js'
import { deployProbe, PROBE, PROBE_SOURCE } from './deploy-probe.js'
import { landingMilliseconds } from './landing.js'
import { type Hop, hopMilliseconds, putRounds, spread } from './measure.js'

const ROUNDS = 60
const LANDINGS = 30
const RATIO_MAX = 2.5
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const runId = '0'.repeat(26)
const failure = { runId, kind: 'cleanse', subject: 'bench', lane: 'cleanse:bench', reason: 'measured' }
const rows = { in: 0, out: 0, duplicates: 0, rejected: 0 }

const hop = <E extends { name: string; detail: z.ZodType }>(
  stage: string,
  { name }: E,
  detail: Detail<E>,
): Hop => ({
  name: `${name} -> ${stage}`,
  functionName: `sluice-local-${stage}`,
  source: SOURCE,
  detailType: name,
  detail: detail as object,
})
const probe: Hop = {
  name: 'probe',
  functionName: PROBE,
  source: PROBE_SOURCE,
  detailType: 'Probe',
  detail: {},
}
const hops = [
  hop('start-cleanse', BatchReady, { runId }),
  hop('plan-build', SilverUpdated, { runId, entity: 'bench', rows }),
  hop('start-build', BuildReady, { runId }),
  hop('publish-gold', GoldBuilt, { runId, domains: ['bench'], edition: 'bench' }),
  hop('raise-alert', GateFailed, { ...failure, failureClass: 'gate' }),
]

/** An edition that is older than the published one: the publisher has its whole way to go, and flips nothing. */
async function seedEdition(table: string): Promise<void> {
  const ledger = DynamoDBDocumentClient.from(new DynamoDBClient({}))
  const older: Edition = { ...editionKey('bench', 'bench'), runId, ordinal: 0, datasets: [], attempt: 1 }
  const published = { ...goldPointerKey('bench'), newest: 1, edition: 'newer' } satisfies Partial<Pointer>
  for (const Item of [older, published]) await ledger.send(new PutCommand({ TableName: table, Item }))
}

const state = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const aws = await startLocalAws(root, { port: await freePort(), padSeconds: 0, state })
try {
  const environment = awsEnvironment(aws.endpoint)
  Object.assign(process.env, environment)
  const deployed = await deployLocally(root, readOptions([]), await buildImages(root, state), environment)
  const variables = {
    LEDGER_TABLE: String(deployed.SLUICE_LEDGER_TABLE),
    BUS_NAME: String(deployed.SLUICE_BUS),
  }
  await seedEdition(variables.LEDGER_TABLE)
  const { zipBytes } = await deployProbe(root, variables)
  const put = await putRounds([probe, ...hops], variables.BUS_NAME, ROUNDS)
  const floor = spread(await hopMilliseconds(PROBE, put.get(probe.name) as Map<string, number>))
  const measured = []
  for (const { name, functionName } of hops) {
    const hopSpread = spread(await hopMilliseconds(functionName, put.get(name) as Map<string, number>))
    const medianRatio = hopSpread.medianMilliseconds / floor.medianMilliseconds
    const p95Ratio = hopSpread.p95Milliseconds / floor.p95Milliseconds
    measured.push({ hop: name, ...hopSpread, medianRatio, p95Ratio })
  }
  const bronze = String(deployed.SLUICE_BRONZE_BUCKET)
  const landing = await landingMilliseconds(bronze, variables.LEDGER_TABLE, LANDINGS)
  const within = measured.every(
    ({ medianRatio, p95Ratio }) => medianRatio <= RATIO_MAX && p95Ratio <= RATIO_MAX,
  )
  const report = {
    rounds: ROUNDS,
    probeZipBytes: zipBytes,
    probe: floor,
    hops: measured,
    landingWithQueueWait: landing,
    ratioMax: RATIO_MAX,
    within,
  }
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  process.exitCode = within ? 0 : 1
} finally {
  await aws.stop()
  rmSync(state, { recursive: true, force: true })
}
