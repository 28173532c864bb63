import type { Clock } from '../../../../shared/clock.js'
import type { Declared } from '../../../../shared/declared.js'
import type { LedgerReader } from '../../../../shared/ledger.js'
import type { LandedVersion } from '../../../../shared/objects.js'

/** One sentence of an answer: when it happened (null: it holds now), what, and what to ask `why` about next. */
export type Said = {
  at: string | null
  what: string
  ref: string | null
}

export type Kind =
  | 'file'
  | 'sync'
  | 'run'
  | 'event'
  | 'incident'
  | 'dataset'
  | 'domain'
  | 'entity'
  | 'lane'
  | 'delivery'

export type WhyAnswer = {
  subject: string
  kind: Kind
  /** What the subject turned out to be: a run's id, a file's id, a dataset's name. */
  id: string
  lines: Said[]
}

/** What answers are made from: the ledger, what the project declares, and the list of what landed. */
export interface WhyEffects {
  project: Declared
  ledger: LedgerReader
  clock: Pick<Clock, 'now'>
  bronzeBucket: string
  listVersions(prefix: string, next?: string): Promise<{ versions: LandedVersion[]; next?: string }>
}

/** A sentence; without a time it tells what holds now. */
export const say = (what: string, at?: unknown, ref?: unknown): Said => ({
  at: typeof at === 'string' ? at : null,
  what,
  ref: typeof ref === 'string' ? ref : null,
})

/** `2,106`, as everywhere. */
export const number = (value: number): string => value.toLocaleString('en-US')

/** `1 file`, `2 files`, `1,000 or more files`. */
export const counted = (value: number, one: string, { many = `${one}s`, more = false } = {}): string =>
  `${number(value)}${more ? ' or more' : ''} ${value === 1 && !more ? one : many}`
export const entries = (value: number, more = false): string =>
  counted(value, 'entry', { many: 'entries', more })
