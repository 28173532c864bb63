import { incidentKey, OPEN_PK } from '../../../../shared/alerts/incident.js'
import { holdKey, laneKind, lanePk, laneSubject, REGISTRY_PK } from '../../../../shared/lane.js'
import type { Item, LedgerReader } from '../../../../shared/ledger.js'
import { closeKey } from '../../../../shared/waiting.js'
import { incidentSaid } from './incident.js'
import { entries, type Said, say } from './said.js'

/** Counting stops here. */
const COUNTED_MAX = 1_000
/** Open incidents that are looked through. */
const INCIDENTS_MAX = 100

/** Build lanes ever used that are looked through. */
const LANES_MAX = 500

/** Who holds a lane, since when; or which lane of the same domains keeps it from being taken. */
async function holder(ledger: LedgerReader, lane: string): Promise<Said> {
  const hold = await ledger.get(holdKey(lane))
  if (hold?.holder) return say(`run ${hold.holder} holds lane ${lane} since then`, hold.since, hold.holder)
  const other = await overlap(ledger, lane)
  if (!other) return say(`no run holds lane ${lane}`)
  const what = `no run holds lane ${lane}, but run ${other.holder} holds lane ${other.lane} of the same domains since then`
  return say(what, other.since, other.holder)
}

/** The held lane that shares a domain with a build lane: a deployment named lanes anew, and the old ones drain first. */
async function overlap(ledger: LedgerReader, lane: string) {
  if (laneKind(lane) !== 'build') return undefined
  const domains = laneSubject(lane).split('+')
  const { items } = await ledger.query(REGISTRY_PK, { prefix: 'build:', limit: LANES_MAX })
  for (const { SK } of items) {
    if (
      SK === lane ||
      !laneSubject(SK)
        .split('+')
        .some((domain) => domains.includes(domain))
    )
      continue
    const hold = await ledger.get(holdKey(SK))
    if (hold?.holder) return { lane: SK, holder: hold.holder, since: hold.since }
  }
  return undefined
}

interface Queue {
  count: number
  /** There are more than were counted. */
  more: boolean
  entries: Item[]
}

/** What waits in a lane, first come first. */
async function queue(ledger: LedgerReader, lane: string): Promise<Queue> {
  const page = await ledger.query(lanePk(lane), { prefix: 'WAIT#', limit: COUNTED_MAX })
  return {
    count: page.items.length,
    more: page.next !== undefined && page.items.length > 0,
    entries: page.items,
  }
}

/** What one waiting entry waits for: who holds the lane, and how many are before it. */
export async function waiting(ledger: LedgerReader, lane: string, owner: string): Promise<Said[]> {
  const [held, waits] = await Promise.all([holder(ledger, lane), queue(ledger, lane)])
  const place = waits.entries.findIndex((entry) => entry.owner === owner)
  const entry = waits.entries[place]
  if (entry) {
    const joined = say(`it waits in lane ${lane}; ${entries(place)} came before it`, arrival(entry.SK))
    const wait = await waitSaid(ledger, lane, entry)
    return [joined, ...wait, held]
  }
  const where = waits.more ? `the first ${COUNTED_MAX.toLocaleString('en-US')} that wait` : 'what waits'
  return [say(`it was in lane ${lane}, and is not among ${where} there now`), held]
}

/** Until when an entry waits for more to come, or for its source to finish. */
async function waitSaid(ledger: LedgerReader, lane: string, entry: Item): Promise<Said[]> {
  const { notBefore, closes } = entry
  if (notBefore === undefined) return []
  const until = new Date(Number(notBefore)).toISOString()
  if (!closes) return [say(`its source lets a batch settle: it is ready at ${until}, or along with others`)]
  const close = await ledger.get(closeKey(lane, String(closes)))
  const last = close ? `; the last one finished at ${new Date(Number(close.at)).toISOString()}` : ''
  return [say(`it waits until a sync of ${closes} closes its batch, at most until ${until}${last}`)]
}

/** When an entry joined its lane, from `WAIT#<milliseconds>#<owner>`. */
export function arrival(waitSk: unknown): string | undefined {
  const milliseconds = /^WAIT#(\d{13})#/.exec(String(waitSk))?.[1]
  return milliseconds && new Date(Number(milliseconds)).toISOString()
}

/** The open incidents that concern a lane; a cause of shared machinery concerns several. */
async function incidents(ledger: LedgerReader, lane: string): Promise<Said[]> {
  const page = await ledger.query(OPEN_PK, { limit: INCIDENTS_MAX })
  const items = await Promise.all(
    page.items.map(({ incidentId }) => ledger.get(incidentKey(String(incidentId)))),
  )
  const concerns = (item: Item) => item.lane === lane || ((item.lanes ?? []) as string[]).includes(lane)
  return items.flatMap((item) => (item?.state === 'open' && concerns(item) ? [incidentSaid(item)] : []))
}

/** A lane as a whole: who holds it, what waits, what is wrong. */
export async function laneSaid(ledger: LedgerReader, lane: string): Promise<Said[]> {
  const [held, waits, open] = await Promise.all([
    holder(ledger, lane),
    queue(ledger, lane),
    incidents(ledger, lane),
  ])
  const oldest = waits.entries[0] && arrival(waits.entries[0].SK)
  const number = entries(waits.count, waits.more)
  const waited =
    waits.count > 0
      ? [
          say(
            `${number} ${waits.count === 1 ? 'waits' : 'wait'} in lane ${lane}; the first came then`,
            oldest,
          ),
        ]
      : []
  return [held, ...waited, ...open]
}
