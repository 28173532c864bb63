import { inputsOf } from '../../shared/inputs.js'
import type { Item } from '../../shared/ledger.js'
import type { Run } from '../../shared/run.js'
import type { Chain } from './chain.js'
import { testProject } from './project.js'
import { cleansePlan } from './work.js'

/** Throws with the place of the crash when a chain at rest has lost, doubled or blocked anything. */
export async function checkRest(chain: Chain): Promise<void> {
  const problems = [
    ...fates(chain),
    ...lanes(chain),
    ...silver(chain),
    ...gold(chain),
    ...(await plans(chain)),
  ]
  if (problems.length === 0) return
  throw new Error(`${chain.parts.faults.diedAt ?? 'no crash'}: ${problems.join('; ')}`)
}

const runs = ({ parts }: Chain) => parts.ledger.all('RUN#').filter(({ SK }) => SK === 'META') as Run[]

/** The fate of a file is its run's, through the runs into which it was put back. */
export function fateOf(chain: Chain, file: Item): string {
  let id = file.run as string | undefined
  for (const _ of runs(chain)) {
    const run = runs(chain).find(({ runId }) => runId === id)
    if (run?.state !== 'REPLAYED') return run?.state ?? 'waiting'
    id = run.into as string | undefined
  }
  return 'waiting'
}

function fates(chain: Chain): string[] {
  const files = chain.parts.ledger.all('FILE#')
  const landed = chain.parts.bronze.versions.length
  const lost = files.filter((file) => !['COMMITTED', 'PARKED'].includes(fateOf(chain, file)))
  const known = files.length === landed ? [] : [`${files.length} of ${landed} files are known`]
  return [...known, ...lost.map((file) => `${file.key} is ${fateOf(chain, file)}`)]
}

function lanes(chain: Chain): string[] {
  const held = chain.parts.ledger.all('LANE#').filter(({ SK, holder }) => SK === 'HOLD' && holder)
  const live = runs(chain).filter(({ state }) => !['COMMITTED', 'PARKED', 'REPLAYED'].includes(state))
  return [
    ...held.map(({ PK, holder }) => `${PK} is held by ${holder}`),
    ...live.map(({ runId, state }) => `${runId} is still ${state}`),
  ]
}

const silverRuns = ({ parts }: Chain) => parts.ledger.all('SILVER#').filter(({ SK }) => SK.startsWith('RUN#'))

/** Silver holds the files of committed runs, each run's once, and the ledger lists exactly these. */
function silver(chain: Chain): string[] {
  // A deletion commits no file: it writes anew what is there.
  const committed = runs(chain).filter(
    ({ kind, state, forgetting }) => kind === 'cleanse' && state === 'COMMITTED' && !forgetting,
  )
  const listed = silverRuns(chain).map(({ runId }) => String(runId))
  const files = chain.parts.silver.keys('entity=')
  const wrong = committed.flatMap(({ runId, attempt }) => {
    const own = files.filter((key) => key.includes(runId))
    const attempts = new Set(own.map((key) => JSON.stringify(chain.parts.silver.objects.get(key))))
    const right = own.length === 2 && attempts.size === 1 && attempts.has(JSON.stringify({ runId, attempt }))
    return right && listed.includes(runId) ? [] : [`silver holds ${own.join()} of ${runId}`]
  })
  const stray = files.filter((key) => !committed.some(({ runId }) => key.includes(runId)))
  return [...wrong, ...stray.map((key) => `${key} is of no committed run`)]
}

/** The published edition read every silver run, and everything that the catalog says is of that edition. */
function gold(chain: Chain): string[] {
  const { ledger, goldTables } = chain.parts
  const entities = testProject.lanes.flatMap((lane) => lane.entities)
  const counts = silverRuns(chain).filter(({ PK }) => entities.includes(PK.slice('SILVER#'.length))).length
  if (counts === 0) return []
  const pointers = ledger.all('DOMAIN#').filter(({ SK }) => SK === 'GOLD')
  const state = ledger.all('LANE#build:').find(({ SK }) => SK === 'STATE')
  const read = Object.values((state?.silverRuns ?? {}) as Record<string, number>).reduce((a, b) => a + b, 0)
  const tables = [...goldTables.values()].filter(({ edition }) => edition !== pointers[0]?.edition)
  return [
    ...(read === counts ? [] : [`the last build read ${read} of ${counts} silver runs`]),
    ...(pointers.length === 2 ? [] : [`${pointers.length} domains are published`]),
    ...pointers.filter(({ ordinal }) => ordinal !== state?.ordinal).map(({ PK }) => `${PK} is old`),
    ...tables.map(({ name, edition }) => `${name} shows ${edition}`),
  ]
}

/** Each file stands in the plan of one committed run's last attempt, and its run's inputs are that plan's. */
async function plans(chain: Chain): Promise<string[]> {
  const { ledger, artifacts } = chain.parts
  const problems: string[] = []
  const seen = new Map<string, string>()
  for (const { runId, attempt, kind, state, forgetting } of runs(chain)) {
    if (kind !== 'cleanse' || state !== 'COMMITTED' || forgetting) continue
    const plan = artifacts.objects.get(`runs/${runId}/attempt=${attempt}/plan.json`)
    const read = cleansePlan(plan).inputs.map(({ key }) => key)
    const owned = (await inputsOf(ledger, runId)).map(({ input }) => String(input.key))
    if (read.sort().join() !== owned.sort().join()) problems.push(`${runId} read ${read}, owns ${owned}`)
    for (const key of read) {
      if (seen.has(key)) problems.push(`${key} is in ${seen.get(key)} and in ${runId}`)
      seen.set(key, runId)
    }
  }
  const committed = ledger.all('FILE#').filter((file) => fateOf(chain, file) === 'COMMITTED')
  const unread = committed.filter(({ key }) => !seen.has(String(key)))
  return [...problems, ...unread.map(({ key }) => `${key} counts as committed, and nobody read it`)]
}
