import type { Item } from './ledger.js'

/**
 * How builds are asked for. `standard`: what is new, or what a person names. `source`: the models of a finished sync, in
 * its source’s order. `full-refresh`: the tables of its models anew, from all the data there is.
 */
export type Mode = 'standard' | 'source' | 'full-refresh'
/** What one dbt run does. */
export type RunMode = 'standard' | 'full-refresh'

/**
 * How the modes go together. Requests that run as the same mode merge by union into one build. A mode absorbs another
 * whose models are all among its own: they are built once, by it. Else the oldest request says which mode goes next, so
 * that neither waits for ever.
 */
export const MODES = {
  standard: { runsAs: 'standard', absorbs: [] },
  source: { runsAs: 'standard', absorbs: [] },
  'full-refresh': { runsAs: 'full-refresh', absorbs: ['standard', 'source'] },
} as const satisfies Record<Mode, { runsAs: RunMode; absorbs: readonly Mode[] }>

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
  if (modes.length === 1) return entries
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

/** The entries that run as one mode, and those of other modes that it absorbs. */
function groupOf(mode: RunMode, entries: Item[], asked: ReadonlyMap<Item, Asked>) {
  const of = (entry: Item) => asked.get(entry) as Asked
  const own = entries.filter((entry) => MODES[of(entry).mode].runsAs === mode)
  const all = own.some((entry) => of(entry).selectors === undefined)
  const selectors = new Set(own.flatMap((entry) => of(entry).selectors ?? []))
  const absorbs = new Set<Mode>(own.flatMap((entry) => MODES[of(entry).mode].absorbs as readonly Mode[]))
  const covered = ({ selectors: wanted }: Asked) =>
    all || (wanted?.every((selector) => selectors.has(selector)) ?? false)
  const absorbed = entries.filter((entry) => absorbs.has(of(entry).mode) && covered(of(entry)))
  return { own, absorbed }
}
