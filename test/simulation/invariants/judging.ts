import { expect } from 'vitest'
import { evidenceOf, goodWorld, type World } from './good-world.js'
import { invariants } from './index.js'

type Change = (world: World) => unknown

/** One thing that goes wrong: the invariant that must object, the words that must be in its message, and the change. */
export type Wrong = [invariant: string, words: string, to: Change, from?: Change]

/** Lets everything judge a step from a good world (changed by `from`) to the same one changed once more by `to`. */
export function judge(to: Change, from: Change = () => {}): { invariant: string; what: string }[] {
  const before = goodWorld()
  const after = goodWorld()
  from(before)
  from(after)
  to(after)
  const evidence = evidenceOf(after, before)
  return invariants.flatMap(({ name, check }) => check(evidence).map((what) => ({ invariant: name, what })))
}

/** Asks for a violation of this very invariant that names what is wrong. */
export function objects([invariant, words, to, from]: Wrong): void {
  const found = judge(to, from)
  const own = found.filter((violation) => violation.invariant === invariant).map(({ what }) => what)
  expect(own.join('; '), JSON.stringify(found)).toContain(words)
}
