import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { beforeAll, expect, test } from 'vitest'
import { RUN_EVENT } from '../../shared/lineage/facets.js'
import { sluice } from './gate.case.js'
import { keysOf, ledgerItems, logLines, textOf } from './operator.js'
import { until } from './poll.js'

/** The one file of the gate's correction: its run took nothing else, so its id is that of everything after it. */
const FILE = 'zz1-correction.ndjson'
const SECONDS_MAX = 30

type Item = Record<string, unknown>

/** One id, from a landed file to gold: through the ledger, events, environment, logs and lineage. */
export function lineageCase(): void {
  let id: string
  let runs: Item[]

  beforeAll(async () => {
    const file = (await ledgerItems('FILE#')).find(({ key }) => String(key).endsWith(`/${FILE}`))
    id = String(file?.correlationId)
    runs = (await ledgerItems('RUN#')).filter(
      ({ SK, correlationId }) => SK === 'META' && correlationId === id,
    )
  })

  test('the ledger has it on the file, its cleanse and the build that followed', async () => {
    expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(runs.map(({ kind }) => kind).sort()).toEqual(['build', 'cleanse'])
    const landings = (await ledgerItems('EVENT#')).filter(({ SK }) => SK === 'record-landing')
    expect(landings.filter(({ correlationId }) => correlationId === id)).not.toEqual([])
  })

  test('every event on the way carries it', async () => {
    const fates = (await ledgerItems('EVENT#')).filter(({ correlationId }) => correlationId === id)
    expect([...new Set(fates.map(({ event }) => event))]).toEqual(
      expect.arrayContaining([
        ...['Object Created', 'Batch Ready', 'Run Started', 'ECS Task State Change', 'Silver Updated'],
        ...['Build Ready', 'Gold Built', 'Gold Published'],
      ]),
    )
  })

  test('each container has it in its environment and plan, and on every log line', async () => {
    for (const { runId, attempt, request } of runs) {
      expect(request).toMatchObject({ environment: { RUN_ID: runId, CORRELATION_ID: id } })
      const plan = JSON.parse(await textOf('ARTIFACTS', `runs/${runId}/attempt=${attempt}/plan.json`))
      expect(plan.correlation_id).toBe(id)
      const lines = await taskLines(String(runId))
      expect(lines.length).toBeGreaterThan(1)
      expect(lines.filter(({ correlation_id }) => correlation_id !== id)).toEqual([])
    }
  })

  test.each([
    'record-landing',
    'start-cleanse',
    'finish-cleanse',
    'plan-build',
    'finish-build',
    'publish-gold',
  ])('%s has it in its log', async (stage) => {
    expect((await logLines(stage, id)).some((line) => line.includes('orrelationId'))).toBe(true)
  })

  test('the lineage of both runs lies in the artifacts, and ties them', async () => {
    for (const { runId, kind } of runs) {
      const written = await until(`the lineage of ${runId}`, () => lineageOf(String(runId)), {
        seconds: SECONDS_MAX,
      })
      expect(Object.keys(written).sort()).toEqual(['complete', 'start'])
      const { complete } = written as Record<string, Item & { run: { facets: Record<string, Item> } }>
      expect(complete).toMatchObject({ eventType: 'COMPLETE', schemaURL: RUN_EVENT })
      expect(complete?.run.facets.sluice_correlation).toMatchObject({ correlationId: id, runId })
      if (kind === 'build') expect(complete?.run.facets.parent).toBeDefined()
    }
  })

  test('and the command line follows it to gold', async () => {
    const said = await sluice('why', id)
    for (const words of [FILE, 'cleanse of market_data', 'took its silver', 'of finance was published'])
      expect(said).toContain(words)
  })
}

/** What the tasks of a run have logged. */
async function taskLines(runId: string): Promise<Item[]> {
  const { events } = await new CloudWatchLogsClient({}).send(
    new FilterLogEventsCommand({ logGroupName: '/sluice/sluice-local/tasks', limit: 10_000 }),
  )
  const lines = (events ?? []).map(({ message }) => String(message)).filter((line) => line.startsWith('{'))
  // A later run names this one in its addresses.
  return lines.map((line): Item => JSON.parse(line)).filter(({ run_id }) => run_id === runId)
}

/** The events that were written of a run, by what they say; false while its end is missing. */
async function lineageOf(runId: string): Promise<Record<string, Item> | false> {
  const keys = (await keysOf('ARTIFACTS', 'lineage/')).filter((key) => key.includes(`/run=${runId}/`))
  if (!keys.some((key) => key.endsWith('/complete.json'))) return false
  const found = keys.map(async (key) => [
    key.replace(/^.*\/(\w+)\.json$/, '$1'),
    JSON.parse(await textOf('ARTIFACTS', key)),
  ])
  return Object.fromEntries(await Promise.all(found))
}
