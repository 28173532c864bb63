import type { Evidence, Invariant } from '../evidence.js'
import { committedCleanses, isFinal, silverOf, silverRuns } from './batches.js'
import { changesOf, few, type Item, itemAt, itemsUnder, partitions, reportOf, runAt } from './reading.js'

/** The final objects that the last step has added; all of them when there was no step before. */
function added({ silver, before }: Evidence) {
  if (silver === before?.silver) return []
  return [...silver].filter(([key, object]) => isFinal(key) && before?.silver.get(key) !== object)
}

const neverChanges: Invariant = {
  name: 'no silver object changes once it is written',
  when: 'step',
  check: ({ silver, before }) => {
    if (!before || silver === before.silver) return []
    return [...before.silver].flatMap(([key, old]) => {
      const now = silver.get(key)
      if (now === old || !isFinal(key)) return []
      // What compaction may take away is said in compaction.ts.
      if (!now) return []
      const same =
        now.runId === old.runId && now.attempt === old.attempt && now.rows.join() === old.rows.join()
      return same
        ? []
        : [`${key} of attempt ${old.attempt} was overwritten by attempt ${now.attempt} of ${now.runId}`]
    })
  },
}

const onlyDecidedRuns: Invariant = {
  name: 'only the accepted attempt of a run that commits writes to silver',
  when: 'step',
  check: (evidence) =>
    added(evidence).flatMap(([key, { runId, attempt }]) => {
      const run = runAt(evidence.ledger, runId)
      if (!run) return [`${key} is of run ${runId}, which does not exist`]
      const decided = run.state === 'COMMITTING' || run.state === 'COMMITTED'
      if (decided && run.attempt === attempt) return []
      return [
        `${key} is of attempt ${attempt} of run ${runId}, which is ${run.state} at attempt ${run.attempt}`,
      ]
    }),
}

const numberOf = (count: number) => `RUN#${String(count).padStart(10, '0')}`
const isSilver = ({ PK }: Item) => PK.startsWith('SILVER#')

const numbersAreGapless: Invariant = {
  name: 'silver is numbered without a gap, and a number never changes',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after, item }) => {
      if (!isSilver(item) || !(item.SK === 'HEAD' || item.SK.startsWith('RUN#'))) return []
      if (!after) return [`${item.PK} ${item.SK} is gone`]
      const head = itemAt(evidence.ledger, item.PK, 'HEAD')
      if (item.SK === 'HEAD') {
        if (before && after.count < before.count) return [`${item.PK} counts back to ${after.count}`]
        const last = itemAt(evidence.ledger, item.PK, numberOf(after.count))
        return last ? [] : [`${item.PK} counts ${after.count}, and no run has that number`]
      }
      if (before && before.runId !== after.runId) return [`${item.PK} ${item.SK} was ${before.runId}`]
      return head && item.SK <= numberOf(head.count) ? [] : [`${item.PK} ${item.SK} is beyond its count`]
    }),
}

const numberedIsCommitted: Invariant = {
  name: 'the numbered runs of silver are exactly the committed ones',
  when: 'rest',
  check: (evidence) => {
    const { ledger } = evidence
    const heads = partitions(ledger, 'SILVER#').filter(({ SK }) => SK === 'HEAD')
    const gaps = heads.flatMap(({ PK, count }) => {
      const numbers = itemsUnder(ledger, PK, 'RUN#').map(({ SK }) => SK)
      const expected = Array.from({ length: count }, (_, place) => numberOf(place + 1))
      return numbers.join() === expected.join() ? [] : [`${PK} counts ${count}, and has ${few(numbers)}`]
    })
    const listed = partitions(ledger, 'SILVER#').filter(({ SK }) => SK.startsWith('RUN#'))
    const places = new Map<string, string[]>()
    for (const { PK, runId } of listed) places.set(runId, [...(places.get(runId) ?? []), PK])
    const committed = committedCleanses(evidence)
    const wrong = committed.flatMap(({ runId, subject }) => {
      const found = places.get(runId) ?? []
      return found.join() === `SILVER#${subject}`
        ? []
        : [`run ${runId} of ${subject} is listed in ${found.join() || 'nothing'}`]
    })
    const ids = new Set(committed.map(({ runId }) => runId))
    const strange = [...places.keys()].filter((runId) => !ids.has(runId))
    return [
      ...gaps,
      ...wrong,
      ...strange.map((runId) => `run ${runId} is listed in silver and not committed`),
    ]
  },
}

const exactlyTheReport: Invariant = {
  name: 'silver holds exactly the files of the committed attempts, and never another’s',
  when: 'rest',
  check: (evidence) => {
    const finals = [...evidence.silver].filter(([key]) => isFinal(key))
    const stray = finals.flatMap(([key, { runId, attempt }]) => {
      const run = runAt(evidence.ledger, runId)
      return run?.state === 'COMMITTED' && run.attempt === attempt
        ? []
        : [
            `${key} is of attempt ${attempt} of run ${runId}, which is ${run?.state} at attempt ${run?.attempt}`,
          ]
    })
    const wrong = committedCleanses(evidence).flatMap((run) => {
      const files: { key: string; rows: number }[] = reportOf(evidence, run)?.files ?? []
      const own = finals.filter(([, { runId }]) => runId === run.runId)
      if (own.length !== files.length && !isCompacted(evidence, run))
        return [`run ${run.runId} wrote ${files.length} files, silver has ${own.length}`]
      const reported = files.reduce((sum, { rows }) => sum + rows, 0)
      const held = silverOf(evidence, run.runId).length
      return reported === held ? [] : [`run ${run.runId} reported ${reported} rows, silver has ${held}`]
    })
    return [...stray, ...wrong]
  },
}

/** Whether a day of the run is read from other files by now: then its own may be gone. */
const isCompacted = ({ ledger }: Evidence, { runId }: Item) => {
  const listed = silverRuns(ledger).get(runId)
  return ((listed?.days ?? []) as string[]).some(
    (day) => itemAt(ledger, listed?.PK, `DAY#${day}`)?.upTo >= listed?.ordinal,
  )
}

export const silverInvariants: readonly Invariant[] = [
  neverChanges,
  onlyDecidedRuns,
  numbersAreGapless,
  numberedIsCommitted,
  exactlyTheReport,
]
