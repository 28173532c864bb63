import type { SdkWrite } from './table.js'

/** What a call of the ledger is called in the coverage: the same words for the same await, whatever the data. */
const STATES = ['FILLING', 'READY', 'RUNNING', 'COMMITTING', 'COMMITTED', 'PARKED', 'REPLAYED']
/** Partitions whose sort keys are data. */
const LISTS = ['EVENT', 'LANES', 'INCIDENTS', 'WAITING', 'ALARM', 'HEALTH']
/** What an update sets at every step, and what of it is no attribute. */
const USUAL = ['state', 'duePk', 'dueAt', 'history']
/** What may or may not stand in a transaction, as the data asks for it. */
const BY_DATA = ['check LANE/HOLD', 'check INCIDENT']

/** `Update RUN RUNNING job`, `TransactWrite LANE/HOLD + RUN READY + LANE/WAIT + RUN/IN + owner`. */
export function nameOf(kind: string, writes: readonly SdkWrite[]): string {
  if (writes.length === 1) return `${kind} ${described(writes[0] as SdkWrite)}`
  const parts = new Set(writes.map((write) => partOf(described(write))))
  return `${kind} ${[...parts].filter((part) => !BY_DATA.includes(part)).join(' + ')}`
}

/** What is taken into a run is owned by a file, an entry or a run that was put back. */
const partOf = (described: string) =>
  /^(FILE|ENTRY|RUN REPLAYED into)$/.test(described) ? 'owner' : described

/** `RUN#1`/`META` -> `RUN`, `LANE#x`/`WAIT#..` -> `LANE/WAIT`. */
export function subject(key: { PK: string; SK: string } | undefined): string {
  if (!key) return 'nothing'
  const pk = key.PK.split('#')[0] as string
  const sk = key.SK.split('#')[0] as string
  return sk === 'META' || LISTS.includes(pk) ? pk : `${pk}/${sk}`
}

function described(write: SdkWrite): string {
  const what = subject(write.Item ?? write.Key)
  if (write.kind === 'ConditionCheck') return `check ${what}`
  if (write.kind === 'Put') return write.Item?.state && what === 'RUN' ? `${what} ${write.Item.state}` : what
  if (what !== 'RUN' || write.kind !== 'Update') return what
  const values = Object.values(write.ExpressionAttributeValues ?? {})
  const state = values.findLast((value) => STATES.includes(value as string)) ?? ''
  return `${what} ${state} ${telling(write.UpdateExpression ?? '')}`.trim()
}

const told = new Map<string, string>()

/** The first attribute that an update changes beyond those of every step: it tells an intent from a link. */
function telling(update: string): string {
  const known = told.get(update)
  if (known !== undefined) return known
  const names = [...update.matchAll(/#(\w+)/g)].map((match) => match[1] as string)
  const first = names.find((name) => !USUAL.includes(name)) ?? ''
  told.set(update, first)
  return first
}
