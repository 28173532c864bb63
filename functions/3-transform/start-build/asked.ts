import type { Input } from '../../../shared/inputs.js'
import { askedOf, MODES, type RunMode } from '../../../shared/modes.js'

/** What the entries of a build ask for together. */
export interface Asked {
  mode: RunMode
  /** How the container builds it, in the plan's own word: the order of sources, or the layers. */
  plannedAs: 'standard' | 'source' | 'fast' | 'test' | 'full_refresh' | 'ci'
  /** Union of all that is asked for; of the whole lane, what selects each of its domains. */
  selectors: string[]
  whole: boolean
  /** The selectors of each finished sync in its source's own order, one list after another. */
  order: string[][]
  /** Somebody wants it built also when nothing else is new: a sync has come, or all is made anew. */
  regardless: boolean
  /** Somebody asks for what is new, wherever it came from. */
  looks: boolean
  /** Somebody wants models built of which nothing has changed. */
  force: boolean
}

/** More selectors than the container takes are the whole lane: it builds them all, and more. */
const SELECTORS_MAX = 150

export function together(inputs: Pick<Input, 'input'>[], domains: string[]): Asked {
  const asked = inputs.map(({ input }) => ({ ...askedOf(input), input }))
  const modes = [...new Set(asked.map(({ mode }) => MODES[mode].runsAs))]
  const isSource = asked.length > 0 && asked.every(({ mode }) => mode === 'source')
  const mode = modes.find((one) => one !== 'standard') ?? 'standard'
  const own = MODES[mode].selectors
  const named = own ?? [...new Set(asked.flatMap(({ selectors = [] }) => selectors))].sort()
  const isWhole = asked.some(({ selectors }) => selectors === undefined) || named.length > SELECTORS_MAX
  const whole = own === undefined && isWhole
  const lists = asked.flatMap((one) => (one.mode === 'source' && one.selectors ? [one.selectors] : []))
  const force = asked.some(({ input }) => input.force === true)
  return {
    mode,
    plannedAs: mode === 'full-refresh' ? 'full_refresh' : isSource ? 'source' : mode,
    selectors: whole ? domains.map((domain) => `+group:${domain}`) : [...named],
    whole,
    order: whole || own ? [] : distinct(lists),
    // New silver needs no word: it is built because it is new.
    regardless: force || !ONLY_NEW.includes(mode) || asked.some(({ input }) => input.syncId !== undefined),
    looks: asked.some(({ input }) => input.selector === undefined && input.syncId === undefined),
    force,
  }
}

/** What builds only what reads something new. */
const ONLY_NEW: readonly RunMode[] = ['standard', 'fast']

const distinct = (lists: string[][]) => [
  ...new Map(lists.map((list) => [JSON.stringify(list), list])).values(),
]
