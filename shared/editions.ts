import { type Column, goldTableName } from './declared.js'
import type { Condition, Item, Key } from './ledger.js'
import { absent, is } from './ledger.js'

/** The editions of a domain as the ledger holds them, and what a person may do with one. */

/** One dataset of an edition; `columns` are those that it was exported with. */
export interface EditionDataset {
  dataset: string
  version: number
  rows: number
  location?: string
  columns?: Column[]
}

export type Edition = Item & {
  ordinal: number
  runId: string
  attempt: number
  /** `pending` until its tests have run, of an edition that is published before. */
  state?: 'pending' | 'passed' | 'failed'
  /** When its tests failed after it was published. */
  failedAt?: string
  /** When the run that built it took its inputs. */
  begunAt?: string
  datasets: EditionDataset[]
  /** When the oldest and the newest of what its build took in had come. */
  arrivedAt?: string
  newestAt?: string
  /** When readers first saw it; absent: never. */
  publishedAt?: string
  /** What readers saw until then, and the rollback that its publication ended. */
  replaced?: { edition: string; rollback?: Rollback }
  /** When another one took its place; absent while it is shown, and before it ever was. */
  leftAt?: string
  /** The rollback that took it away last. */
  rolledBack?: { by: string; why: string; at: string; to: string }
  /** It is about to be deleted: nobody may begin to read it any more. */
  retiredAt?: string
  deletedAt?: string
}

/** The rollback that moved the pointer last. */
export type Rollback = {
  requestId: string
  from: string
  by: string
  why: string
  at: string
  /** Whether builds that were begun before it are not published; not so back at the newest edition. */
  holds: boolean
  /** When the rollback was that holds, where this one came after it and holds nothing by itself. */
  since?: string
}

export type Pointer = Item & {
  edition: string
  ordinal: number
  runId: string
  publishedAt: string
  datasets: EditionDataset[]
  /** How often the pointer was moved. */
  flip: number
  /** Up to which move the catalog tables have followed. */
  followed?: number
  /** The highest ordinal that was ever published and did not fail its tests later, and the run that built it. */
  newest: number
  newestRunId: string
  /** Every catalog table that the domain ever had. */
  tables: string[]
  /** Absent where a build moved it. */
  rollback?: Rollback
}

/** The published edition of a domain. */
export const goldPointerKey = (domain: string) => ({ PK: `DOMAIN#${domain}`, SK: 'GOLD' })
/** The newest edition that was built for a domain, published or not yet: editions are numbered through by it. */
export const newestEditionKey = (domain: string) => ({ PK: `DOMAIN#${domain}`, SK: 'NEWEST' })
export const editionKey = (domain: string, edition: string) => ({
  PK: `DOMAIN#${domain}`,
  SK: `EDITION#${edition}`,
})
export const rollbackKey = (requestId: string): Key => ({ PK: `ROLLBACK#${requestId}`, SK: 'META' })
/** The ledger’s proof that the publisher has heard of a build, and whether readers ever saw its edition. */
export const publishEntryKey = (domain: string, runId: string) => ({
  PK: `ENTRY#publish:${domain}#gold:${runId}`,
  SK: 'META',
})
export const EDITION_PREFIX = 'EDITION#'
export const editionName = ({ SK }: Key) => SK.slice(EDITION_PREFIX.length)

/** Holds while nobody has moved the pointer since it was read. */
export const unmoved = (pointer: Pointer | undefined): Condition[] => [
  pointer ? is('flip', pointer.flip) : absent('PK'),
]

/** Whether a rollback keeps an edition from readers: its build took its inputs before it. */
export const isHeldBy = (rollback: Rollback | undefined, { begunAt }: Edition): boolean =>
  rollback?.holds === true && begunAt !== undefined && begunAt < (rollback.since ?? rollback.at)

/** What the pointer says once it names this edition. */
export function pointing(edition: Edition, before: Pointer | undefined, at: string) {
  const { ordinal, runId } = edition
  const datasets = edition.datasets.map(({ dataset, version, rows }) => ({ dataset, version, rows }))
  const names = datasets.map(({ dataset, version }) => goldTableName(dataset, version))
  const isNewest = ordinal > (before?.newest ?? -1)
  return {
    ...{ edition: editionName(edition), ordinal, runId, datasets, publishedAt: at },
    flip: (before?.flip ?? 0) + 1,
    newest: isNewest ? ordinal : (before?.newest ?? ordinal),
    newestRunId: isNewest ? runId : (before?.newestRunId ?? runId),
    tables: [...new Set([...(before?.tables ?? []), ...names])].sort(),
  }
}

/** Why an edition cannot be shown to anybody, in a sentence; nothing when it can. */
export function spoilt(edition: Edition): string | undefined {
  const name = `edition ${editionName(edition)}`
  if (edition.deletedAt) return `${name} was deleted at ${edition.deletedAt}`
  if (edition.retiredAt) return `${name} is about to be deleted: it was given up at ${edition.retiredAt}`
  if (edition.failedAt) return `${name} failed its tests at ${edition.failedAt}: let its tests pass first`
  return undefined
}

/** Why a person cannot go back to an edition, in a sentence; nothing when it can be shown again. */
export const unfit = (edition: Edition): string | undefined =>
  spoilt(edition) ?? (edition.publishedAt ? undefined : `edition ${editionName(edition)} was never published`)

/** Of each dataset its newest schema version: what a reader gets who names none. */
export const newestVersions = (datasets: EditionDataset[]): EditionDataset[] => [
  ...new Map([...datasets].sort((a, b) => a.version - b.version).map((one) => [one.dataset, one])).values(),
]

/** The name of an edition's own catalog table, beside the published one. */
export const editionTableName = (
  { dataset, version }: { dataset: string; version: number },
  edition: string,
) => `${goldTableName(dataset, version)}__${edition.replaceAll('-', '_')}`
