import type { Outgoing } from '../../events/catalog.js'
import type { Clock } from '../clock.js'
import type { Declared } from '../declared.js'
import type { Item, Key, Ledger } from '../ledger.js'
import type { Priority } from './priorities.js'

/** One root cause and all runs that it failed. It is open until none of them is unresolved any more. */
export type Incident = Item & {
  incidentId: string
  cause: string
  /** The lane of the run that opened it, and the lanes of all its runs. */
  lane: string
  lanes: string[]
  /** Its place in the index of incidents: opening time and id. */
  incidentsAt: string
  priority: Priority
  title: string
  reason: string
  /** Its runs in the order in which they were heard of, at most 1,000; `count` goes on. */
  runs: string[]
  count: number
  state: 'open' | 'closed'
  openedAt: string
  closedAt?: string
  /** The open incident of an entity that this lane reads: people are told of that one only. */
  under?: string
  /** When the bus was told of it last, and of how many runs; absent while it is silenced. */
  toldAt?: string
  toldCount?: number
  /** Columns that nobody declared yet: a note, which needs nobody, and holds nothing back. */
  note?: Note
  /** The CloudWatch alarm that opened it, where no run is to blame. */
  alarm?: string
  /** It stands for findings of the data's health with its cause. */
  health?: true
}

export type Note = { entity: string; columns: string[] }

export interface IncidentEffects {
  ledger: Ledger
  clock: Clock
  project: Pick<Declared, 'lanes' | 'entities' | 'sources'>
  publish(events: Outgoing[]): Promise<void>
}

export interface IncidentReader {
  ledger: Pick<Ledger, 'get' | 'query'>
}

export const RUNS_NAMED_MAX = 1_000
/** A cause that goes on failing runs is told again, once a day: what stays open must not hide for ever what comes later. */
const TOLD_AGAIN_SECONDS = 24 * 3_600

/** Whether a telling at this time, of so many runs, is out of date. */
export const isOutOfDate = (told: { at: string; count: number }, incident: Incident, now: number): boolean =>
  incident.count > told.count && now - Date.parse(told.at) >= TOLD_AGAIN_SECONDS * 1_000

export const incidentKey = (incidentId: string): Key => ({ PK: `INCIDENT#${incidentId}`, SK: 'META' })
/** Where open incidents are found, by cause: one partition, for there are few at a time. */
export const OPEN_PK = 'INCIDENTS'
export const openKey = (cause: string): Key => ({ PK: OPEN_PK, SK: cause })
/** Where a closed incident waits until whoever tells people has heard of its end. */
const CLOSING_PK = 'INCIDENTS#CLOSING'
export const closingKey = (incidentId: string): Key => ({ PK: CLOSING_PK, SK: incidentId })
/** The ledger's proof that whoever tells people has heard that an incident opened, or that it closed. */
export const heardKey = (incidentId: string, what: 'opened' | 'closed'): Key => ({
  PK: `INCIDENT#${incidentId}`,
  SK: `HEARD#${what}`,
})
/** The ledger's proof that the alert stage has heard of a failed run. */
export const alertEntryKey = (runId: string): Key => ({ PK: `ENTRY#alert#run:${runId}`, SK: 'META' })
/** What CloudWatch said last of an alarm. */
export const alarmKey = (alarm: string): Key => ({ PK: `ALARM#${alarm}`, SK: 'STATE' })

/** As many open incidents as one look reads; more have the same few causes behind them. */
const OPEN_MAX = 200

/** An incident as it is now, or nothing. */
export async function readIncident(
  { ledger }: { ledger: Pick<Ledger, 'get'> },
  incidentId: string,
): Promise<Incident | undefined> {
  return (await ledger.get(incidentKey(incidentId))) as Incident | undefined
}

/** The incident that a cause has now, open or about to be forgotten as closed. */
export async function incidentOf(effects: IncidentEffects, cause: string): Promise<Incident | undefined> {
  const pointer = await effects.ledger.get(openKey(cause))
  return pointer && readIncident(effects, String(pointer.incidentId))
}

/** Open incidents whose cause passes the test, in the order of their causes; about 200 at most. */
export const openIncidents = (effects: IncidentReader, test?: (cause: string) => boolean) =>
  listed(effects, OPEN_PK, test)

/** Closed incidents of whose end nobody has been heard of yet; about 200 at most. */
export const closingIncidents = (effects: IncidentReader) => listed(effects, CLOSING_PK)

async function listed(
  effects: IncidentReader,
  pk: string,
  test: (cause: string) => boolean = () => true,
): Promise<Incident[]> {
  const found: string[] = []
  let after: string | undefined
  do {
    const page = await effects.ledger.query(pk, { limit: OPEN_MAX, ...(after && { after }) })
    for (const { SK, incidentId } of page.items) if (test(SK)) found.push(String(incidentId))
    after = page.next
  } while (after && found.length < OPEN_MAX)
  const incidents = await Promise.all(found.map((incidentId) => readIncident(effects, incidentId)))
  return incidents.filter((incident) => incident !== undefined)
}
