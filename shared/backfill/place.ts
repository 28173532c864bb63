import { BackfillMoved, type Outgoing } from '../../events/catalog.js'
import { absent, type Condition, type Item, is, type Key, type Ledger, type Write } from '../ledger.js'

/**
 * The one place of a source: backfills of a source run one after another, and only who holds it lets chunks go. Who finds
 * it taken writes himself into it, and is told when it is free. The write that gives it up is refused when somebody came
 * since it was read, and who comes too late finds it gone: so nobody waits for a place that was given up.
 */
export type Place = {
  backfillId: string
  /** Backfills that wait for it, in the order of their coming, and how often somebody came. */
  waiting?: string[]
  came?: number
}

/** Who comes later is not told: the reconciler looks after him. */
const WAITING_MAX = 20

const sourcePlaceKey = (source: string): Key => ({ PK: 'BACKFILLING', SK: source })

/** Who holds the place of a source, strongly consistent; nothing when it is free. */
export async function placeOf(ledger: Pick<Ledger, 'get'>, source: string): Promise<Place | undefined> {
  return (await ledger.get(sourcePlaceKey(source))) as (Item & Place) | undefined
}

const asSeen = ({ backfillId, came }: Place): Condition[] => [
  is('backfillId', backfillId),
  came === undefined ? absent('came') : is('came', came),
]

/** The write that takes a place, which must be free. */
export const takePlace = (source: string, backfillId: string): Write => ({
  put: { ...sourcePlaceKey(source), backfillId },
  when: [absent('PK')],
})

/** The write that gives a place up; refused when somebody came to wait since it was read. */
export const leavePlace = (source: string, seen: Place): Write => ({
  remove: sourcePlaceKey(source),
  when: asSeen(seen),
})

/** Lets a backfill wait for a place that another one holds; false when that has changed since it was read. */
export async function waitForPlace(
  { ledger }: { ledger: Ledger },
  { source, backfillId }: { source: string; backfillId: string },
  seen: Place,
): Promise<boolean> {
  const { waiting = [], came = 0 } = seen
  if (waiting.includes(backfillId) || waiting.length >= WAITING_MAX) return true
  const written = await ledger.write({
    update: sourcePlaceKey(source),
    append: { waiting: [backfillId] },
    set: { came: came + 1 },
    when: asSeen(seen),
  })
  return written.done
}

/** What those are told who waited for a place that is free now. */
export const freed = ({ waiting = [] }: Place): Outgoing[] =>
  waiting.map((backfillId) => ({ name: BackfillMoved.name, detail: { backfillId } }))
