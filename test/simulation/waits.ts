import type { Item } from './invariants/reading.js'

/** Clocks of instances differ by this much, in ms. */
const SKEW = 10_000
/** Ticks of the reconciler at which a ready entry may be seen in a free lane, before somebody should have claimed. */
const TICKS_MAX = 3

/** Watches, tick by tick, what is ready in a lane that nobody holds: the reconciler claims such a lane. */
export class Waits {
  static readonly rule = 'what is ready in a free lane is claimed'
  private seen = new Map<string, number>()

  /** Only where nothing happens to the reconciler itself is it in time. */
  constructor(private readonly isAsked: boolean) {}

  /** Gives what has been ready for too many ticks. */
  look(ledger: readonly Item[], now: number): string[] {
    if (!this.isAsked) return []
    const held = new Set(ledger.flatMap(({ PK, SK, holder }) => (SK === 'HOLD' && holder ? [PK] : [])))
    const closed = new Map(
      ledger.flatMap(({ PK, SK, at }) => (SK.startsWith('CLOSE#') ? [[`${PK} ${SK}`, Number(at)]] : [])),
    )
    const isReady = ({ PK, notBefore, closes, landedAt }: Item) =>
      Number(notBefore) + SKEW < now || Number(landedAt) <= (closed.get(`${PK} CLOSE#${closes}`) ?? 0)
    const free = ledger.filter(
      (item) =>
        item.SK.startsWith('WAIT#') && item.notBefore !== undefined && !held.has(item.PK) && isReady(item),
    )
    const ticks = (item: Item) => (this.seen.get(`${item.PK} ${item.SK}`) ?? 0) + 1
    this.seen = new Map(free.map((item) => [`${item.PK} ${item.SK}`, ticks(item)]))
    return [...this.seen].flatMap(([key, count]) =>
      count > TICKS_MAX ? [`${key} is ready for ${count} ticks`] : [],
    )
  }
}
