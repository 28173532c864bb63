import type { Evidence, Invariant } from '../evidence.js'
import {
  answeringRun,
  changesOf,
  type Item,
  itemAt,
  itemsUnder,
  partitions,
  runAt,
  runsOf,
} from './reading.js'

const isIncident = ({ PK, SK }: Item) => SK === 'META' && PK.startsWith('INCIDENT#')
const incidentsOf = (ledger: readonly Item[]) => partitions(ledger, 'INCIDENT#').filter(isIncident)

const closedIsForEver: Invariant = {
  name: 'a closed incident stays closed, and none is deleted',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after, item }) => {
      if (!before || !isIncident(item)) return []
      if (!after) return [`incident ${item.incidentId} was deleted`]
      if (before.state === 'closed' && after.state !== 'closed')
        return [`incident ${item.incidentId} was opened again`]
      const lost = (before.runs as string[]).filter((runId) => !after.runs.includes(runId))
      return lost.length > 0 ? [`incident ${item.incidentId} forgot the runs ${lost.join(', ')}`] : []
    }),
}

const oneOpenPerCause: Invariant = {
  name: 'a cause has one open incident at most',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ after }) => {
      if (!after || !isIncident(after) || after.state !== 'open') return []
      const pointer = itemAt(evidence.ledger, 'INCIDENTS', after.cause)
      return pointer?.incidentId === after.incidentId
        ? []
        : [`incident ${after.incidentId} is open, and ${after.cause} names ${pointer?.incidentId ?? 'none'}`]
    }),
}

const everyIncidentHasACause: Invariant = {
  name: 'no incident without a run that was parked, or an alarm that was recorded',
  when: 'rest',
  check: ({ ledger }) =>
    incidentsOf(ledger).flatMap(({ incidentId, runs, alarm, health, cause }) => {
      if (health)
        return /^(stale|late|objective|tests|rows):/.test(cause)
          ? []
          : [`incident ${incidentId} has no cause`]
      if (alarm)
        return itemAt(ledger, `ALARM#${alarm}`, 'STATE') ? [] : [`incident ${incidentId} names no real alarm`]
      const wrong = (runs as string[]).filter(
        (id) => !['PARKED', 'REPLAYED'].includes(runAt(ledger, id)?.state),
      )
      if (runs.length === 0) return [`incident ${incidentId} names neither run nor alarm`]
      return wrong.length > 0 ? [`incident ${incidentId} names ${wrong.join(', ')}, never parked`] : []
    }),
}

/** When the last job of a run ended, in real time; nothing when it never had one. */
const endOf = ({ jobs }: Evidence, id: string): number | undefined =>
  jobs.reduce<number | undefined>(
    (last, { runId, endedAt }) =>
      runId === id && endedAt !== undefined ? Math.max(last ?? 0, endedAt) : last,
    undefined,
  )

/**
 * Whether what a parked run held back has arrived: its own inputs, by the run into which it was put back, or for a build
 * what a later good build of its lane has read. Nothing when that cannot be told: a build that never had a job.
 */
function recovered(evidence: Evidence, run: Item): boolean | undefined {
  const answering = answeringRun(evidence.ledger, { run: run.runId })
  const through = typeof answering === 'object' && answering.state === 'COMMITTED'
  if (run.kind === 'cleanse') return through
  if (run.kind === 'compact') return through || hasLaterCompaction(evidence, run)
  if (run.kind === 'extract') return through || hasLaterExtraction(evidence, run)
  // Put back into a run that had nothing to do any more, or that another lane goes on with since a deployment.
  if (through) return answering.unchanged ? undefined : true
  const end = endOf(evidence, run.runId)
  if (end === undefined) return undefined
  const later = runsOf(evidence.ledger).filter(
    ({ kind, state, runId, mode }) =>
      kind === 'build' &&
      state === 'COMMITTED' &&
      !OF_NO_LASTING.includes(mode) &&
      (endOf(evidence, runId) ?? 0) > end,
  )
  if (later.some(({ lane }) => lane === run.lane)) return true
  return later.some(({ subject }) => sharesDomain(subject, run.subject)) ? undefined : false
}

/** What one plain extraction missed, the next good one of its source brings; nobody else brings a window. */
const hasLaterExtraction = ({ ledger }: Evidence, { runId, lane, subject, window }: Item) =>
  !window &&
  lane === `extract:${subject}` &&
  runsOf(ledger).some(
    (other) => other.lane === lane && other.state === 'COMMITTED' && !other.unchanged && other.runId > runId,
  )

/** What one compaction left, the next one of its entity takes along. */
const hasLaterCompaction = ({ ledger }: Evidence, { runId, lane }: Item) =>
  runsOf(ledger).some(
    (other) => other.lane === lane && other.state === 'COMMITTED' && !other.unchanged && other.runId > runId,
  )

/** Builds from which no other goes on: what they have read is still to be read. */
const OF_NO_LASTING = ['fast', 'test', 'ci']

const sharesDomain = (one: string, other: string) =>
  one.split('+').some((domain) => other.split('+').includes(domain))

/** A build that a later one has made good before the alert stage heard of it needs no incident, only to be heard of. */
const overBeforeHeard = (evidence: Evidence, run: Item) =>
  itemAt(evidence.ledger, `ENTRY#alert#run:${run.runId}`, 'META') && recovered(evidence, run)

const everyParkedRunIsTold: Invariant = {
  name: 'every parked run stands in an incident',
  when: 'rest',
  check: (evidence) => {
    const named = new Set(incidentsOf(evidence.ledger).flatMap(({ runs }) => runs as string[]))
    return runsOf(evidence.ledger).flatMap((run) => {
      if (run.state !== 'PARKED' || named.has(run.runId) || overBeforeHeard(evidence, run)) return []
      return [`run ${run.runId} of ${run.lane} is parked, and no incident names it`]
    })
  },
}

const openUntilRecovered: Invariant = {
  name: 'an incident is open until what each of its runs held back has arrived, and no longer',
  when: 'rest',
  check: (evidence) =>
    incidentsOf(evidence.ledger).flatMap(({ incidentId, runs, state, alarm, health }) => {
      if (alarm || health) return []
      const healed = (runs as string[]).map((id) => recovered(evidence, runAt(evidence.ledger, id) ?? {}))
      if (state === 'open') {
        const over = healed.every((one) => one === true)
        return over ? [`incident ${incidentId} is open, and all its runs have recovered`] : []
      }
      const early = (runs as string[]).filter((_, place) => healed[place] === false)
      return early.length > 0
        ? [`incident ${incidentId} is closed, and ${early.join(', ')} has not recovered`]
        : []
    }),
}

const healthIsTold: Invariant = {
  name: 'what is degraded stands in an open incident of its cause, and what is well in none',
  when: 'rest',
  check: ({ ledger }) => {
    const bad = itemsUnder(ledger, 'HEALTH', '').filter(({ state }) => state === 'degraded')
    const open = incidentsOf(ledger).filter(({ state, health }) => state === 'open' && health)
    return [
      ...bad
        .filter(({ cause }) => !open.some((one) => one.cause === cause))
        .map(({ finding }) => `${finding} is degraded, and no incident is open`),
      ...open
        .filter(({ cause }) => !bad.some((one) => one.cause === cause))
        .map(
          ({ incidentId, cause }) => `incident ${incidentId} is open, and nothing of ${cause} is degraded`,
        ),
    ]
  },
}

const tellingIsTrue: Invariant = {
  name: 'people are told of real incidents, of an end only when it is one, and of each that is open',
  when: 'rest',
  check: ({ ledger, told }) => {
    const wrong = told.flatMap(({ channel, incidentId, what }) => {
      const incident = itemAt(ledger, `INCIDENT#${incidentId}`, 'META')
      if (!incident) return [`${channel} was told of ${incidentId}, which does not exist`]
      return what === 'closed' && incident.state !== 'closed'
        ? [`${channel} heard the end of ${incidentId}, which is open`]
        : []
    })
    const silent = incidentsOf(ledger).filter(
      ({ incidentId, state, under }) =>
        state === 'open' &&
        !under &&
        !told.some((one) => one.incidentId === incidentId) &&
        !triedAll(ledger, incidentId),
    )
    return [
      ...wrong,
      ...silent.map(({ incidentId }) => `incident ${incidentId} is open, and nobody was told`),
    ]
  },
}

/** A channel that is dead keeps its refusal in the ledger. */
const triedAll = (ledger: readonly Item[], incidentId: string) =>
  itemsUnder(ledger, `INCIDENT#${incidentId}`, 'SENT#').some(({ state }) => state === 'failed')

export const incidentInvariants: readonly Invariant[] = [
  closedIsForEver,
  oneOpenPerCause,
  everyParkedRunIsTold,
  everyIncidentHasACause,
  openUntilRecovered,
  healthIsTold,
  tellingIsTrue,
]
