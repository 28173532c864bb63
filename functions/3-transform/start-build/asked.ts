import type { Input } from '../../../shared/inputs.js'
import { askedOf, MODES, type RunMode } from '../../../shared/modes.js'

/** What the entries of a build ask for together. */
export interface Asked {
  mode: RunMode
  /** Union of all that is asked for; of the whole lane, what selects each of its domains. */
  selectors: string[]
  whole: boolean
  /** The selectors of each finished sync in its source's own order, one list after another. */
  order: string[][]
  /** Somebody wants it built also when there is no new silver. */
  regardless: boolean
  /** Somebody wants it built when others have loaded something new into the warehouse. */
  onlyIfNew: boolean
}

/** More selectors than the container takes are the whole lane: it builds them all, and more. */
const SELECTORS_MAX = 150

export function together(inputs: Pick<Input, 'input'>[], domains: string[]): Asked {
  const asked = inputs.map(({ input }) => ({ ...askedOf(input), input }))
  const isRefresh = asked.some(({ mode }) => MODES[mode].runsAs === 'full-refresh')
  const named = [...new Set(asked.flatMap(({ selectors = [] }) => selectors))].sort()
  const whole = asked.some(({ selectors }) => selectors === undefined) || named.length > SELECTORS_MAX
  const lists = asked.flatMap(({ mode, selectors }) => (mode === 'source' && selectors ? [selectors] : []))
  return {
    mode: isRefresh ? 'full-refresh' : 'standard',
    selectors: whole ? domains.map((domain) => `+group:${domain}`) : named,
    whole,
    order: whole ? [] : distinct(lists),
    // New silver needs no word: it is built because it is new.
    regardless: asked.some(({ input }) => input.selector === undefined && !input.onlyIfNew),
    onlyIfNew: asked.some(({ input }) => input.onlyIfNew === true),
  }
}

const distinct = (lists: string[][]) => [
  ...new Map(lists.map((list) => [JSON.stringify(list), list])).values(),
]
