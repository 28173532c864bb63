import { table } from '../../cli/render.js'
import type { World } from '../../test/acceptance/world.js'
import { type Counts, grown, least } from './count.js'
import { seedHistory, templateOf } from './history.js'
import { apiRound, goodLedger, landingRound, tickRound } from './workloads.js'

const FILES_ONE = 1
const FILES_MANY = 21
const WARM_UP_ROUNDS = 2

/** The rounds of each workload with one length of the past. */
interface Measured {
  one: Counts[]
  many: Counts[]
  tick: Counts[]
  api: Counts[]
}

export interface Comparison {
  past: number[]
  /** What a batch costs whatever it holds, and what each file adds, by who calls what. */
  perRun: Counts[]
  perFile: Counts[]
  perTick: Counts[]
  perRequest: Counts[]
  seeded: { items: number; seconds: number }
  /** In words; none when nothing grows. */
  grown: string[]
  ok: boolean
}

/** Measures with a past of `small` runs and again with one of `large`. */
export async function compare(
  world: World,
  { small, large, rounds }: { small: number; large: number; rounds: number },
  say: (line: string) => void,
): Promise<Comparison> {
  // The first rounds warm what is made once: caches, and a first database that the next build makes old.
  await landingRound(world, FILES_ONE)
  const template = templateOf(await goodLedger())
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await landingRound(world, FILES_ONE)
  await seedHistory(template, await goodLedger(), 0, small)
  say(`  ${small} past runs`)
  const before = { ...(await measure(world, rounds)), tick: await ticks(rounds) }
  const begun = performance.now()
  const items = await seedHistory(template, await goodLedger(), small, large - small)
  const seconds = Math.round((performance.now() - begun) / 1_000)
  say(`  ${large} past runs: ${items} more items in ${seconds} s`)
  const after = { tick: await ticks(rounds), ...(await measure(world, rounds)) }
  const found = [
    ...grown('a batch of one file', before.one, after.one),
    ...grown(`a batch of ${FILES_MANY} files`, before.many, after.many),
    ...grown('a tick of the reconciler', before.tick, after.tick),
    ...grown('a request', before.api, after.api),
  ]
  return {
    past: [small, large],
    perRun: [perRun(before), perRun(after)],
    perFile: [perFile(before), perFile(after)],
    perTick: [least(before.tick), least(after.tick)],
    perRequest: [least(before.api), least(after.api)],
    seeded: { items, seconds },
    grown: found,
    ok: found.length === 0,
  }
}

async function measure(world: World, rounds: number): Promise<Pick<Measured, 'one' | 'many' | 'api'>> {
  const measured = { one: [], many: [], api: [] } as Record<'one' | 'many' | 'api', Counts[]>
  for (let round = 0; round < rounds; round += 1) {
    measured.api.push(await apiRound(world))
    measured.one.push(await landingRound(world, FILES_ONE))
    measured.many.push(await landingRound(world, FILES_MANY))
  }
  return measured
}

/**
 * Ticks with nothing to do. A tick asks the ledger for each file that landed within the last minutes, so those of
 * both pasts are measured next to each other, with no landing in between.
 */
async function ticks(rounds: number): Promise<Counts[]> {
  // What fell due meanwhile is driven first.
  await tickRound()
  const measured: Counts[] = []
  for (let round = 0; round < rounds; round += 1) measured.push(await tickRound())
  return measured
}

type Landings = Pick<Measured, 'one' | 'many'>
const perFile = ({ one, many }: Landings): Counts => {
  const [few, lots] = [least(one), least(many)]
  return combine(lots, few, (more, less) => (more - less) / (FILES_MANY - FILES_ONE))
}

const perRun = (measured: Landings): Counts => {
  const [few, each] = [least(measured.one), perFile(measured)]
  return combine(few, each, (whole, share) => whole - share * FILES_ONE)
}

function combine(left: Counts, right: Counts, work: (a: number, b: number) => number): Counts {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()
  const entries = names.map((name) => [name, rounded(work(left[name] ?? 0, right[name] ?? 0))] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== 0))
}

const rounded = (value: number) => Math.round(value * 100) / 100

/** The comparison for people: one line a caller and operation, with both lengths of the past. */
export function comparisonText({ past, grown, ...all }: Comparison): string {
  const at = past.map((runs) => `at ${runs.toLocaleString('en')} runs`)
  const part = (title: string, [before = {}, after = {}]: Counts[]) => {
    const rows = combineNames(before, after).map((name) => {
      const [who, call] = [name.slice(0, name.lastIndexOf(' ')), name.slice(name.lastIndexOf(' ') + 1)]
      return [who, call, String(before[name] ?? 0), String(after[name] ?? 0)]
    })
    const sum = (counts: Counts) =>
      String(rounded(Object.values(counts).reduce((total, count) => total + count, 0)))
    return `\n${title}\n${table(['who', 'call', ...at], [...rows, ['all', '', sum(before), sum(after)]])}`
  }
  const verdict = grown.length === 0 ? 'nothing grows with history' : `GROWS: ${grown.join('\n  GROWS: ')}`
  return [
    part('A run (a cleanse with the build and publication that follow)', all.perRun),
    part('Each file', all.perFile),
    part('A tick of the reconciler with nothing to do', all.perTick),
    part('A request to the API', all.perRequest),
    `\n  ${verdict}\n`,
  ].join('')
}

const combineNames = (before: Counts, after: Counts) =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
