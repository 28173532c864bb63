import type { Evidence, Found } from '../evidence.js'

/**
 * How the invariants read the ledger: by key, by prefix, and what a step has changed. The ledger is sorted by PK and SK,
 * and an item that was not written is the same object as before, so one walk side by side finds every change.
 */
export type Item = Record<string, Found>
type Items = readonly Item[]

export interface Change {
  before: Item | undefined
  after: Item | undefined
  /** The one of the two that is there. */
  item: Item
}

const lies = (one: Item, other: Item) => {
  if (one.PK !== other.PK) return one.PK < other.PK ? -1 : 1
  return one.SK === other.SK ? 0 : one.SK < other.SK ? -1 : 1
}

const NOTHING: Items = []
let known: { ledger: Items; before: Items; changes: Change[] } | undefined

/** The items that the last step wrote or deleted; every item when there was no step before. */
export function changesOf({ ledger, before }: Pick<Evidence, 'ledger' | 'before'>): Change[] {
  const old = before?.ledger ?? NOTHING
  if (known?.ledger === ledger && known.before === old) return known.changes
  const changes = ledger === old ? [] : compare(old, ledger)
  known = { ledger, before: old, changes }
  return changes
}

function compare(old: Items, now: Items): Change[] {
  const changes: Change[] = []
  let left = 0
  let right = 0
  while (left < old.length || right < now.length) {
    const before = old[left]
    const after = now[right]
    if (before === after) {
      left += 1
      right += 1
      continue
    }
    const order = !before ? 1 : !after ? -1 : lies(before, after)
    if (order <= 0) left += 1
    if (order >= 0) right += 1
    const item = (order >= 0 ? after : before) as Item
    changes.push({ before: order <= 0 ? before : undefined, after: order >= 0 ? after : undefined, item })
  }
  return changes
}

/** Where the first item lies that is not before this key. */
function position(ledger: Items, pk: string, sk: string): number {
  let low = 0
  let high = ledger.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (lies(ledger[middle] as Item, { PK: pk, SK: sk }) < 0) low = middle + 1
    else high = middle
  }
  return low
}

export function itemAt(ledger: Items, pk: string, sk: string): Item | undefined {
  const item = ledger[position(ledger, pk, sk)]
  return item?.PK === pk && item?.SK === sk ? item : undefined
}

/** The items of one partition whose SK starts so. */
export function itemsUnder(ledger: Items, pk: string, prefix = ''): Item[] {
  const found: Item[] = []
  for (let at = position(ledger, pk, prefix); at < ledger.length; at += 1) {
    const item = ledger[at] as Item
    if (item.PK !== pk || !item.SK.startsWith(prefix)) break
    found.push(item)
  }
  return found
}

/** The items of every partition whose PK starts so. */
export function partitions(ledger: Items, prefix: string): Item[] {
  const found: Item[] = []
  for (let at = position(ledger, prefix, ''); at < ledger.length; at += 1) {
    const item = ledger[at] as Item
    if (!item.PK.startsWith(prefix)) break
    found.push(item)
  }
  return found
}

export const runAt = (ledger: Items, runId: string) => itemAt(ledger, `RUN#${runId}`, 'META')
export const runsOf = (ledger: Items) => partitions(ledger, 'RUN#').filter(({ SK }) => SK === 'META')
export const isRun = ({ PK, SK }: Item) => SK === 'META' && PK.startsWith('RUN#')
export const inputsUnder = (ledger: Items, runId: string) => itemsUnder(ledger, `RUN#${runId}`, 'IN#')

const LIVE = ['FILLING', 'READY', 'RUNNING', 'COMMITTING']
export const ENDED = ['COMMITTED', 'PARKED', 'REPLAYED']
export const isLive = (run: Item | undefined) => run !== undefined && LIVE.includes(run.state)

/** More put-backs of one run than any story has. */
const PUT_BACKS_MAX = 50

/** The run that answers for an entry today: its own, or the one into which that was put back; none while it waits. */
export function answeringRun(ledger: Items, owner: Item): Item | 'waiting' | 'lost' {
  let id: string | undefined = owner.run
  for (let hops = 0; hops < PUT_BACKS_MAX; hops += 1) {
    if (id === undefined) return 'waiting'
    const run = runAt(ledger, id)
    if (!run) return 'lost'
    if (run.state !== 'REPLAYED') return run
    id = run.into
  }
  return 'lost'
}

export interface TakenFile {
  bucket: string
  key: string
  versionId: string
}

/** What a run took: file versions, and the runs whose rejected rows were put back; put-back runs are opened up. */
export function takenBy(ledger: Items, runId: string): { files: TakenFile[]; rejectedOf: string[] } {
  const taken = { files: [] as TakenFile[], rejectedOf: [] as string[] }
  const open = [runId]
  for (let hops = 0; open.length > 0 && hops < PUT_BACKS_MAX; hops += 1) {
    for (const { SK, input = {} } of inputsUnder(ledger, open.shift() as string)) {
      if (SK.startsWith('IN#RUN#')) open.push(SK.slice('IN#RUN#'.length))
      else if (input.rejectedOf) taken.rejectedOf.push(input.rejectedOf)
      else taken.files.push(input)
    }
  }
  return taken
}

const attemptFolder = (runId: string, attempt: number) => `runs/${runId}/attempt=${attempt}/`
export const planOf = ({ artifacts }: Evidence, { runId, attempt }: Item) =>
  artifacts.get(`${attemptFolder(runId, attempt)}plan.json`)
export const reportOf = ({ artifacts }: Evidence, { runId, attempt }: Item) =>
  artifacts.get(`${attemptFolder(runId, attempt)}report.json`)

/** Ids with a bound, so that a message stays readable. */
export const few = (ids: Iterable<string>) => {
  const all = [...ids]
  return all.length <= 5 ? all.join(', ') : `${all.slice(0, 5).join(', ')} and ${all.length - 5} more`
}
