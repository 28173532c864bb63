import { silverPk, silverRunKey } from '../../../shared/cleanse.js'
import type { Clock } from '../../../shared/clock.js'
import { iso } from '../../../shared/clock.js'
import {
  type CompactState,
  compactState,
  type SilverFile,
  type SilverRunItem,
  type Snapshot,
  silverRunOf,
  snapshotsOf,
} from '../../../shared/compact.js'
import { TerminalError } from '../../../shared/errors.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { choose, filesOf } from './choose.js'

/** What one compaction looks at, so that its plan, its reads and its last transaction are bounded; the next goes on. */
const RUNS_MAX = 20_000
/** The transaction that ends it writes one item a day, of the hundred that one may have. */
const DAYS_MAX = 60
/** A snapshot is one item of the ledger, which holds 400 KB. */
const FILES_PER_DAY_MAX = 1_500
const PAGE = 1_000

/** A day as a compaction leaves it: files that stay, and groups that become one file each. */
type DayPlan = {
  day: string
  /** Who wrote the snapshot that this one takes the place of. */
  before: string | null
  kept: SilverFile[]
  groups: SilverFile[][]
}

export interface Looked {
  state: Pick<CompactState, 'ordinal' | 'upTo'>
  /** Every run up to this number is in the snapshots of its days. */
  upTo: number
  days: DayPlan[]
  /** Bounds were met: there is more to look at. */
  more: boolean
}

interface LookEffects {
  ledger: LedgerReader
  clock: Pick<Clock, 'now'>
}

/**
 * What there is to do for an entity: the runs that came since the last look, up to the first with rows of a day that is
 * not over (UTC), and for each of their days what becomes of its files. It reads only what is new, page by page.
 */
export async function look(
  { ledger, clock }: LookEffects,
  entity: string,
  options: { today: boolean; targetBytes: number },
): Promise<Looked> {
  const state = await compactState(ledger, entity)
  const open = options.today ? undefined : iso(clock.now()).slice(0, 10).replaceAll('-', '/')
  const { runs, more } = await runsAfter(ledger, entity, state.upTo, open)
  const days = [...new Set(runs.flatMap((run) => run.days))]
  const snapshots = await snapshotsOf(ledger, entity, days)
  return {
    state,
    upTo: runs.at(-1)?.ordinal ?? state.upTo,
    days: days.map((day) => dayPlan(entity, day, snapshots.get(day), runs, options.targetBytes)),
    more,
  }
}

/** Runs after a number, in order, until one touches an open day or a bound is met. */
async function runsAfter(ledger: LedgerReader, entity: string, upTo: number, open: string | undefined) {
  const runs: SilverRunItem[] = []
  const days = new Set<string>()
  let after: string | undefined = JSON.stringify(silverRunKey(entity, upTo))
  while (after) {
    const page = await ledger.query(silverPk(entity), { prefix: 'RUN#', limit: PAGE, after })
    for (const run of page.items.map(silverRunOf)) {
      if (open !== undefined && run.days.some((day) => day >= open)) return { runs, more: false }
      const fresh = run.days.filter((day) => !days.has(day))
      if (runs.length >= RUNS_MAX || days.size + new Set(fresh).size > DAYS_MAX) return { runs, more: true }
      for (const day of fresh) days.add(day)
      runs.push(run)
    }
    after = page.next
  }
  return { runs, more: false }
}

function dayPlan(
  entity: string,
  day: string,
  snapshot: Snapshot | undefined,
  runs: readonly SilverRunItem[],
  targetBytes: number,
): DayPlan {
  const { groups, kept } = choose(filesOf(entity, day, snapshot, runs), targetBytes)
  if (groups.length + kept.length > FILES_PER_DAY_MAX)
    throw new TerminalError(`${entity} has more than ${FILES_PER_DAY_MAX} files of ${day} that stay apart`)
  return { day, before: snapshot?.by ?? null, kept, groups }
}
