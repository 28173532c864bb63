import type { Evidence, Invariant } from '../evidence.js'
import { changesOf, type Item, inputsUnder, itemAt, planOf, reportOf, runAt, runsOf } from './reading.js'

/** Extractions and the cursors of their sources. A plain one goes on where the last good one ended; a window is apart. */
const LANE = 'LANE#extract:'
const isCursor = ({ PK, SK }: Item) => SK === 'STATE' && PK.startsWith(LANE)
const sourceOf = ({ PK }: Item) => PK.slice(LANE.length)
const extractions = (ledger: readonly Item[]) => runsOf(ledger).filter(({ kind }) => kind === 'extract')
const isSame = (one: Item | undefined, other: Item | undefined) =>
  one?.ordinal === other?.ordinal && one?.builtBy === other?.builtBy
const isPlain = (run: Item) => !run.window && run.lane === `extract:${run.subject}`
/** The plain extractions of a source that ended well, as their numbers say. */
const good = (ledger: readonly Item[], source: string) =>
  extractions(ledger)
    .filter((run) => run.subject === source && isPlain(run) && run.state === 'COMMITTED' && !run.unchanged)
    .sort((one, other) => one.base - other.base)
const sourcesOf = (ledger: readonly Item[]) => [...new Set(extractions(ledger).map(({ subject }) => subject))]

const movesWithItsRun: Invariant = {
  name: 'a cursor moves by one, in the step that ends a good plain extraction',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after, item }) => {
      if (!isCursor(item) || isSame(before, after)) return []
      const source = sourceOf(item)
      if (!after) return [`the cursor of ${source} was deleted`]
      const was = before?.ordinal ?? 0
      if (after.ordinal !== was + 1) return [`the cursor of ${source} went from ${was} to ${after.ordinal}`]
      const run = runAt(evidence.ledger, after.builtBy)
      const ended = evidence.before
        ? itemAt(evidence.before.ledger, `RUN#${after.builtBy}`, 'META')
        : undefined
      if (run?.state !== 'COMMITTED' || (evidence.before && ended?.state !== 'COMMITTING'))
        return [`run ${after.builtBy} moved the cursor of ${source}, and did not end with it`]
      return isPlain(run)
        ? []
        : [`run ${run.runId} of ${run.lane} moved the cursor of ${source}: it is a window`]
    }),
}

const afterItsFiles: Invariant = {
  name: 'a cursor moves only after the files landed',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after }) => {
      if (!after || !isCursor(after) || isSame(before, after)) return []
      const report = reportOf(evidence, runAt(evidence.ledger, after.builtBy) ?? {})
      if (!report) return [`the cursor of ${sourceOf(after)} moved for a run without a report`]
      const landed = new Set(evidence.landed.map(({ key }) => key))
      const missing = (report.files as { key: string }[]).filter(({ key }) => !landed.has(key))
      return missing.map(({ key }) => `the cursor of ${sourceOf(after)} moved, and ${key} is not there`)
    }),
}

const countsThem: Invariant = {
  name: 'every good plain extraction has moved its cursor, each once',
  when: 'rest',
  check: ({ ledger }) =>
    sourcesOf(ledger).flatMap((source) => {
      const ended = good(ledger, source)
      const ordinal = itemAt(ledger, `${LANE}${source}`, 'STATE')?.ordinal ?? 0
      const numbers = ended.map(({ base }) => base)
      const gapless = numbers.every((base, place) => base === place)
      if (ordinal === ended.length && gapless) return []
      return [`${source} has ${ended.length} good extractions (${numbers}), and its cursor is at ${ordinal}`]
    }),
}

const goesOn: Invariant = {
  name: 'a plain extraction begins where the last good one ended, without a gap and nothing twice',
  when: 'rest',
  check: (evidence) =>
    sourcesOf(evidence.ledger).flatMap((source) => {
      let left: string | null = null
      let end: number | undefined
      return good(evidence.ledger, source).flatMap((run) => {
        const wrong: string[] = []
        const plan = planOf(evidence, run)
        if (plan?.state_uri !== left)
          wrong.push(`run ${run.runId} began at ${plan?.state_uri}, the one before it left ${left}`)
        left = reportOf(evidence, run)?.state_uri ?? left
        for (const { from, to } of rangesOf(evidence, run)) {
          if (end !== undefined && from !== end)
            wrong.push(`run ${run.runId} has the records from ${from}, those before it end at ${end}`)
          end = to
        }
        return wrong
      })
    }),
}

/** Which records the files of a run hold, in order: their names say it, from and until before. */
function rangesOf(evidence: Evidence, run: Item): { from: number; to: number }[] {
  const files: { key: string }[] = reportOf(evidence, run)?.files ?? []
  return files
    .map(({ key }) => /(\d+)-(\d+)\.json$/.exec(key))
    .flatMap((match) => (match ? [{ from: Number(match[1]), to: Number(match[2]) }] : []))
    .sort((one, other) => one.from - other.from)
}

const windowsGoAlone: Invariant = {
  name: 'a window is extracted by a run of its own, and told nothing of the cursor',
  when: 'rest',
  check: (evidence) =>
    extractions(evidence.ledger).flatMap((run) => {
      const inputs = inputsUnder(evidence.ledger, run.runId)
      const windows = inputs.filter(({ input }) => input?.window)
      if (windows.length > 0 && inputs.length > 1)
        return [`run ${run.runId} took a window and ${inputs.length - 1} other requests`]
      if (!run.window) return isPlain(run) || !planOf(evidence, run) ? [] : [`run ${run.runId} is no window`]
      const { state_uri, next_state_uri } = planOf(evidence, run) ?? {}
      return state_uri || next_state_uri ? [`the plan of run ${run.runId}, a window, names a state`] : []
    }),
}

export const cursorInvariants: readonly Invariant[] = [
  movesWithItsRun,
  afterItsFiles,
  countsThem,
  goesOn,
  windowsGoAlone,
]
