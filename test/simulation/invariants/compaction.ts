import type { Evidence, Invariant } from '../evidence.js'
import { folderOf, isFinal, silverOf, silverRuns } from './batches.js'
import { changesOf, type Item, itemAt, partitions } from './reading.js'

/** What the simulator's deployment sets, and how far the clock that deletes may be ahead. */
const GRACE = 240_000
const SKEW = 8_000

const isSnapshot = ({ PK, SK }: Item) => PK.startsWith('SILVER#') && SK.startsWith('DAY#')
const listedOf = (snapshot: Item) => (snapshot.files as { key: string }[]).map(({ key }) => key)

/** A day that moves to other files: each run that it covers is read with the same rows as a step before. */
const movesNoRow: Invariant = {
  name: 'a day that moves to other files keeps every row of every run, once',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ after, item }) => {
      const { before } = evidence
      if (!isSnapshot(item) || !before) return []
      if (!after) return [`${item.PK} ${item.SK} is gone`]
      const lost = listedOf(after).filter((key) => !evidence.silver.has(key))
      const runs = [...silverRuns(evidence.ledger).values()].filter(
        ({ PK, days }) => PK === item.PK && (days as string[]).includes(String(after.day)),
      )
      const changed = runs.flatMap(({ runId }) => {
        const was = silverOf(before, runId).sort().join()
        return silverOf(evidence, runId).sort().join() === was
          ? []
          : [`${item.PK} moves rows of run ${runId}`]
      })
      return [...lost.map((key) => `${item.PK} ${item.SK} names ${key}, which is not in silver`), ...changed]
    }),
}

/** The compactions that have replaced a file: their plan names it, and the ledger says that they are committed. */
const replacedBy = ({ ledger, artifacts }: Evidence, key: string) =>
  partitions(ledger, 'COMPACTED#').filter(({ runId, attempt }) =>
    (artifacts.get(`runs/${runId}/attempt=${attempt}/plan.json`)?.groups ?? []).some(
      ({ files }: { files: { key: string }[] }) => files.some((file) => file.key === key),
    ),
  )

const goesAfterItsGrace: Invariant = {
  name: 'a silver file goes only when a committed compaction has replaced it and its grace is over',
  when: 'step',
  check: (evidence) => {
    const { silver, before, now } = evidence
    if (!before || silver === before.silver) return []
    return [...before.silver.keys()].flatMap((key) => {
      if (silver.has(key) || !isFinal(key)) return []
      const [by] = replacedBy(evidence, key)
      if (!by) return [`${key} is gone, and nothing has replaced it`]
      return now - by.at >= GRACE - SKEW ? [] : [`${key} is gone ${now - by.at} ms after it was replaced`]
    })
  },
}

/** What is not read any more has gone, and what is read is there. */
const leavesNothing: Invariant = {
  name: 'after its grace a replaced file is gone, and what a day is read from is there',
  when: 'rest',
  check: (evidence) => {
    const { ledger, silver } = evidence
    const snapshots = partitions(ledger, 'SILVER#').filter(isSnapshot)
    return snapshots.flatMap((snapshot) => {
      const files = listedOf(snapshot)
      const later = (key: string) => {
        const [, runId] = /_([0-9a-z]{26})-\d+\.parquet$/.exec(key) ?? []
        const listed = silverRuns(ledger).get(String(runId))
        return listed && listed.ordinal > snapshot.upTo
      }
      const entity = snapshot.PK.slice('SILVER#'.length)
      const there = [...silver.keys()].filter(
        (key) => key.startsWith(`entity=${entity}/`) && key.includes(folderOf(String(snapshot.day))),
      )
      return [
        ...files.filter((key) => !silver.has(key)).map((key) => `${key} is read, and not there`),
        ...there
          .filter((key) => !files.includes(key) && !later(key))
          .map((key) => `${key} is read by nobody, and still there`),
      ]
    })
  },
}

/** An entity's compactions are numbered through, and each number names its run. */
const numbersAreGapless: Invariant = {
  name: 'compactions of an entity are numbered without a gap',
  when: 'rest',
  check: ({ ledger }) =>
    partitions(ledger, 'LANE#compact:')
      .filter(({ SK }) => SK === 'STATE')
      .flatMap(({ PK, ordinal }) => {
        const silver = `SILVER#${PK.slice('LANE#compact:'.length)}`
        const numbers = Array.from({ length: ordinal }, (_, place) => String(place + 1).padStart(10, '0'))
        const missing = numbers.filter((number) => !itemAt(ledger, silver, `COMPACTED#${number}`))
        return missing.map((number) => `${silver} has no compaction ${number}`)
      }),
}

export const compactionInvariants: readonly Invariant[] = [
  movesNoRow,
  goesAfterItsGrace,
  leavesNothing,
  numbersAreGapless,
]
