import type { Item } from './ledger.js'

/**
 * How builds are asked for; docs/builds.md tells each. `standard`: what is new, or what a person names. `source`: the
 * models of a finished sync, in its source’s order. `fast`: what dashboards read, published before its tests ran, which
 * `test` does then. `full-refresh`: the tables of its models anew, from all the data there is. `ci`: what differs from the
 * promoted manifest, on a copy, published never.
 */
export type Mode = 'standard' | 'source' | 'fast' | 'test' | 'full-refresh' | 'ci'
/** What one dbt run does. */
export type RunMode = Exclude<Mode, 'source'>

interface Merging {
  runsAs: RunMode
  /** Modes of which it builds those requests along whose models are all among its own. */
  absorbs: readonly Mode[]
  /** Goes before whatever waited longer: readers wait for it. The lowest is the first. */
  ahead?: number
  /** One request is one build. */
  alone?: true
  /** What it builds, whatever a request names. */
  selectors?: readonly string[]
}

/**
 * How the modes go together. Requests that run as the same mode merge by union into one build. A mode absorbs another
 * whose models are all among its own: they are built once, by it. Else the oldest request says which mode goes next, so
 * that neither waits for ever; only what is `ahead` does not queue, and that is short.
 */
export const MODES: Readonly<Record<Mode, Merging>> = {
  standard: { runsAs: 'standard', absorbs: [] },
  source: { runsAs: 'standard', absorbs: [] },
  fast: { runsAs: 'fast', absorbs: [], ahead: 1, selectors: ['+tag:dashboard'] },
  test: { runsAs: 'test', absorbs: [], ahead: 2, alone: true, selectors: ['+tag:dashboard'] },
  'full-refresh': { runsAs: 'full-refresh', absorbs: ['standard', 'source'] },
  ci: { runsAs: 'ci', absorbs: [], selectors: ['state:modified+'] },
}

/** Whether no other build goes on from what this one has read: it is still to be read. */
export const isOfNoLasting = ({ mode }: { [name: string]: unknown }): boolean =>
  mode === 'fast' || mode === 'test' || mode === 'ci'

interface Asked {
  mode: Mode
  /** Selectors of dbt; none means the whole lane. */
  selectors: string[] | undefined
}

/** What an entry of a build lane asks for; new silver asks for all that is made from its entity. */
export function askedOf(input: { [name: string]: unknown }): Asked {
  const { mode = 'standard', selector, selectors } = input as Partial<Asked> & { selector?: string }
  return { mode, selectors: selectors ?? (selector === undefined ? undefined : [selector]) }
}

/** The entries that one build takes, of those that wait, the oldest first. */
export function goTogether(entries: Item[]): Item[] {
  const asked = new Map(entries.map((entry) => [entry, askedOf((entry.input ?? {}) as object as never)]))
  const [oldest] = entries
  if (!oldest) return []
  const modes = [...new Set([...asked.values()].map(({ mode }) => MODES[mode].runsAs))]
  const [first] = modes.flatMap((mode) => MODES[mode].ahead ?? []).sort()
  if (first !== undefined) return goingAhead(entries, asked, first)
  const groups = modes.map((mode) => groupOf(mode, entries, asked))
  // An absorbed entry is in the group that absorbs it and in none of its own.
  const absorbed = new Set(groups.flatMap((group) => group.absorbed))
  const group = groups.find(({ own, absorbed: also }) =>
    absorbed.has(oldest) ? also.includes(oldest) : own.includes(oldest),
  )
  const taken = new Set([
    ...(group?.own ?? []).filter((one) => !absorbed.has(one)),
    ...(group?.absorbed ?? []),
  ])
  return entries.filter((entry) => taken.has(entry))
}

function goingAhead(entries: Item[], asked: ReadonlyMap<Item, Asked>, first: number): Item[] {
  const modeOf = (entry: Item) => MODES[(asked.get(entry) as Asked).mode]
  const own = entries.filter((entry) => modeOf(entry).ahead === first)
  return own.some((entry) => modeOf(entry).alone) ? own.slice(0, 1) : own
}

/** The entries that run as one mode, and those of other modes that it absorbs. */
function groupOf(mode: RunMode, entries: Item[], asked: ReadonlyMap<Item, Asked>) {
  const of = (entry: Item) => asked.get(entry) as Asked
  const own = entries.filter((entry) => MODES[of(entry).mode].runsAs === mode)
  const all = own.some((entry) => of(entry).selectors === undefined)
  const selectors = new Set(own.flatMap((entry) => of(entry).selectors ?? []))
  const absorbs = new Set<Mode>(own.flatMap((entry) => MODES[of(entry).mode].absorbs))
  const covered = ({ selectors: wanted }: Asked) =>
    all || (wanted?.every((selector) => selectors.has(selector)) ?? false)
  const absorbed = entries.filter((entry) => absorbs.has(of(entry).mode) && covered(of(entry)))
  return { own, absorbed }
}
