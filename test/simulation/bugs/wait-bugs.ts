import { type Bug, one } from './bug.js'

const WAITING = 'shared/waiting.ts'

/** Bugs of what waits in a lane, and of what ends the wait. */
export const waitBugs: readonly Bug[] = [
  one(
    'a closed batch takes what landed after its sync',
    WAITING,
    "return close && Number(landedAt) <= Number(close.at) + CLOCKS_DIFFER_MS ? 'ready' : 'open'",
    "return close ? 'ready' : 'open'",
  ),
  one(
    'a batch goes before it has settled',
    WAITING,
    'if (notBefore === undefined || Number(notBefore) <= clock.now())',
    'if (notBefore === undefined || !closes || Number(notBefore) <= clock.now())',
  ),
  one(
    'a batch whose sync is never told waits for ever',
    WAITING,
    'export const CLOSE_SECONDS_MAX = 3_600',
    'export const CLOSE_SECONDS_MAX = 3_600_000',
  ),
  one(
    'a sync counts as taken in before a build has read it',
    'shared/news.ts',
    'input.news <= (state',
    'input.news <= 1 + (state',
  ),
]
