import { laneReading } from '../../../../shared/declared.js'
import type { Item } from '../../../../shared/ledger.js'
import type { Run } from '../../../../shared/run.js'
import { deletedSaid, kindOf } from './deletion.js'
import { brief, followed } from './follow.js'
import { counted, type Said, say, type WhyEffects } from './said.js'
import { builtSaid, silverSaid } from './went.js'

/** Of what goes back to one delivery, as much as an answer reads, and of each kind as much as it names. */
const FOUND_MAX = 300
const NAMED_MAX = 20

/**
 * All that goes back to one delivery, from the door to gold: what landed, the runs that took it, the editions that came
 * of it, and what became of its events; nothing when no item carries the id.
 */
export async function deliverySaid(effects: WhyEffects, correlationId: string): Promise<Said[] | undefined> {
  const page = await effects.ledger.index('correlations', { of: correlationId, limit: FOUND_MAX })
  // A sync that nobody took in yet is only itself.
  if (page.items.every(({ PK }) => PK.startsWith('SYNC#'))) return undefined
  const of = (prefix: string) => page.items.filter(({ PK }) => PK.startsWith(prefix))
  const [files, syncs, fates] = [of('FILE#'), of('SYNC#'), of('EVENT#')]
  const runs = await runsOf(effects, page.items)
  const went = await Promise.all(runs.map((run) => ranSaid(effects, run, correlationId)))
  const more = page.next !== undefined
  const counts = `${counted(files.length, 'file', { more })}, ${counted(runs.length, 'run')}, ${counted(fates.length, 'recorded event')}`
  return [
    say(`${counts} go back to this delivery`),
    ...syncs.map(({ source, receivedAt }) => say(`a sync of ${source} was heard of`, receivedAt)),
    ...files
      .slice(0, NAMED_MAX)
      .map(({ PK, key, landedAt }) => say(`${key} landed`, landedAt, PK.slice('FILE#'.length))),
    ...(files.length > NAMED_MAX ? [say(`${counted(files.length - NAMED_MAX, 'file')} more`)] : []),
    ...went.flat(),
    ...fates.sort(byTime).map(fateSaid),
  ]
}

/** The runs that carry the id, and those that took an entry of it among others, followed to where they were put back. */
async function runsOf({ ledger }: WhyEffects, items: Item[]): Promise<Run[]> {
  const own = items.filter(({ PK }) => PK.startsWith('RUN#')).map(({ PK }) => PK.slice('RUN#'.length))
  const taken = items.flatMap(({ run }) => (typeof run === 'string' ? [run] : []))
  const ids = [...new Set([...own, ...taken])].slice(0, NAMED_MAX)
  const all = (await Promise.all(ids.map((id) => followed(ledger, id)))).flat()
  const each = new Map(all.map((run) => [run.runId, run]))
  return [...each.values()].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
}

async function ranSaid(effects: WhyEffects, run: Run, correlationId: string): Promise<Said[]> {
  const others = Number(run.correlationCount ?? 1) - 1
  const among =
    run.correlationId === correlationId || others < 1
      ? ''
      : `, with ${counted(others, 'other delivery', { many: 'other deliveries' })}`
  const took = say(`${kindOf(run)} of ${run.subject}${among}: ${brief(run)}`, run.createdAt, run.runId)
  if (run.state !== 'COMMITTED') return [took]
  const deleted = deletedSaid(run)
  if (deleted) return [took, deleted]
  if (run.kind === 'build') return [took, ...(await builtSaid(effects, run))]
  if (run.kind !== 'cleanse') return [took]
  return [took, ...(await silverSaid(effects, run, laneReading(effects.project, run.subject)))]
}

const byTime = (a: Item, b: Item) => (String(a.at) < String(b.at) ? -1 : 1)

function fateSaid({ PK, SK, at, event, did, outcome }: Item): Said {
  const took = outcome === 'failed' ? 'failed on' : 'took'
  return say(`${SK} ${took} event "${event}": ${did}`, at, PK.slice('EVENT#'.length))
}
