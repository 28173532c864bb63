import { type Edition, editionName, isHeldBy, type Pointer, spoilt } from '../../../shared/editions.js'

/**
 * What readers see in place of an edition that failed its tests: what they saw before it; else, where that has failed or
 * gone too, the newest good one before it that nobody has taken away; else any good one that they have seen. A newer good
 * one that came too late because of it goes before those. Nothing where there is none. `editions` are those of the domain.
 */
export function wayBack(editions: Edition[], failed: Edition, pointer: Pointer): Edition | undefined {
  const good = editions.filter((one) => one !== failed && !spoilt(one)).sort((a, b) => b.ordinal - a.ordinal)
  const earlier = good.filter(({ ordinal }) => ordinal < failed.ordinal)
  const seen = earlier.filter(({ publishedAt }) => publishedAt)
  const before = good.find((one) => editionName(one) === failed.replaced?.edition)
  const back = before ?? seen.find(({ rolledBack }) => !rolledBack) ?? seen[0]
  const hold = holdAfter(failed, pointer)
  const late = earlier.find((one) => !one.publishedAt && !isHeldBy(hold, one))
  if (late && late.ordinal > (back?.ordinal ?? -1)) return late
  return back ?? good.find(({ publishedAt }) => publishedAt)
}

/** The rollback whose hold goes on without the failed edition: the one that led to it, or that its publication ended. */
export const holdAfter = (failed: Edition, { rollback }: Pointer) => rollback ?? failed.replaced?.rollback

/** The pointer’s highest ordinal once what failed does not count. */
export function newestOf(editions: Edition[]): { newest: number; newestRunId?: string } {
  const good = editions.filter(({ publishedAt, failedAt }) => publishedAt && !failedAt)
  const [newest] = good.sort((a, b) => b.ordinal - a.ordinal)
  return newest ? { newest: newest.ordinal, newestRunId: newest.runId } : { newest: 0 }
}
