import { chain } from '../../../../events/chain.js'
import type { Item, LedgerReader } from '../../../../shared/ledger.js'
import { brief, followed, runOf } from './follow.js'
import { waiting } from './lane.js'
import { type Said, say } from './said.js'

/** Fates of one event, or of one run's or file's events, that an answer holds. */
const FATES_MAX = 100

/** What became of one event: which stages took it and did what, which have no record; nothing when none has. */
export async function eventSaid(ledger: LedgerReader, eventId: string): Promise<Said[] | undefined> {
  const page = await ledger.query(`EVENT#${eventId}`, { limit: FATES_MAX })
  const fates = page.items
  if (fates.length === 0) return undefined
  const name = String(fates[0]?.event)
  const said = fates.map((fate) => stageSaid(stageOf(fate), fate))
  const heard = fates.map(stageOf)
  const silent = listeners(name).filter((stage) => !heard.includes(stage))
  const runs = [...new Set(fates.flatMap(({ runId }) => (typeof runId === 'string' ? [runId] : [])))]
  const states = await Promise.all(runs.map((runId) => stateOf(ledger, runId)))
  const requests = [...new Set(fates.flatMap(({ eventPk }) => (isRequest(eventPk) ? [eventPk] : [])))]
  const asked = await Promise.all(requests.map((pk) => requestSaid(ledger, pk)))
  return [
    say(`it is a "${name}" event`, fates[0]?.at),
    ...said,
    ...silent.map((stage) => say(`${stage} listens to "${name}", and has no record of this event`)),
    ...states.flat(),
    ...asked.flat(),
  ]
}

const isRequest = (pk: unknown): pk is string => typeof pk === 'string' && /^(FORGET|ENTRY)#/.test(pk)

/** Where a request is that joined a lane: the run that took it, and those into which it was put back. */
async function requestSaid(ledger: LedgerReader, pk: string): Promise<Said[]> {
  const item = await ledger.get({ PK: pk, SK: 'META' })
  if (!item) return []
  if (!item.run) return waiting(ledger, String(item.lane), pk)
  const last = (await followed(ledger, item.run)).at(-1)
  return last ? [say(`it was taken; ${brief(last)}`, last.createdAt, last.runId)] : []
}

const stageOf = ({ SK }: Item) => SK

const listeners = (name: string) =>
  chain.flatMap(({ stage, on }) =>
    on.some((trigger) => 'event' in trigger && trigger.event === name) ? [stage] : [],
  )

function stageSaid(stage: string, { did, outcome, at, runId }: Item): Said {
  return say(`${stage} ${outcome === 'failed' ? 'failed on it: ' : 'took it: '}${did}`, at, runId)
}

async function stateOf(ledger: LedgerReader, runId: string): Promise<Said[]> {
  const run = await runOf(ledger, runId)
  return run ? [say(brief(run), undefined, runId)] : []
}

/** The fates of the events of a run or of a file, whose PK they carry, in the order of the events. */
export async function fatesOf(ledger: LedgerReader, ownerPk: string): Promise<Said[]> {
  const page = await ledger.index('events', { of: ownerPk, limit: FATES_MAX })
  return page.items.map((fate) => {
    const took = fate.outcome === 'failed' ? 'failed on' : 'took'
    const what = `${stageOf(fate)} ${took} event "${fate.event}": ${fate.did}`
    return say(what, fate.at, fate.PK.slice('EVENT#'.length))
  })
}
