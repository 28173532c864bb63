import { buildState, editionKey, goldPointerKey } from '../../../../shared/build.js'
import { silverCount, silverPk, silverRunKey } from '../../../../shared/cleanse.js'
import type { BuildLane } from '../../../../shared/declared.js'
import type { Pointer, Rollback } from '../../../../shared/editions.js'
import { laneName } from '../../../../shared/lane.js'
import { INDEXED, type Item, type LedgerReader } from '../../../../shared/ledger.js'
import type { Run } from '../../../../shared/run.js'
import { silverEntryKey } from '../../../3-transform/plan-build/plan-build.js'
import { brief, followed, waiverOf } from './follow.js'
import { arrival, laneSaid } from './lane.js'
import { counted, type Said, say, type WhyEffects } from './said.js'

/** Silver runs that an answer names one by one. */
const NAMED_MAX = 5
const PARKED_LOOKED_MAX = 200

/** A domain, or one of its datasets: what is published, what newer silver is not in it, and what keeps that. */
export async function goldSaid(
  effects: WhyEffects,
  reading: BuildLane,
  domain: string,
  dataset?: string,
): Promise<Said[]> {
  const { ledger } = effects
  const lane = laneName('build', reading.lane)
  const published = await publishedSaid(ledger, lane, domain, dataset)
  const unbuilt = await Promise.all(reading.entities.map((entity) => unbuiltSaid(ledger, lane, entity)))
  const lanes = [lane, ...reading.entities.map((entity) => laneName('cleanse', entity))]
  const upstream = await Promise.all(lanes.map((one) => laneSaid(ledger, one)))
  const parked = await parkedSaid(ledger, [reading.lane, ...reading.entities])
  return [...published, ...unbuilt.flat(), ...parked, ...upstream.flat()]
}

type Exported = { dataset: string; rows: number }[]

async function publishedSaid(
  ledger: LedgerReader,
  lane: string,
  domain: string,
  dataset?: string,
): Promise<Said[]> {
  const [pointer, state] = await Promise.all([ledger.get(goldPointerKey(domain)), buildState(ledger, lane)])
  if (!pointer)
    return [say(`no edition of ${domain} is published yet`), ...newerSaid(state as Item | undefined, 0)]
  const { edition, runId, publishedAt, ordinal, datasets } = pointer
  const item = await ledger.get(editionKey(domain, String(edition)))
  const rows = ((datasets ?? []) as Exported).find((one) => one.dataset === dataset)?.rows
  const holds =
    dataset === undefined
      ? ''
      : rows === undefined
        ? `; it does not hold ${dataset}`
        : `; ${dataset} has ${counted(rows, 'row')}`
  const waived = item ? waiverOf(item) : ''
  const what = `edition ${edition} of ${domain}, built by run ${runId}, was published and is the current one${waived}${holds}`
  const { rollback } = pointer as Pointer
  const newer = newerSaid(state as Item | undefined, Number(ordinal), rollback)
  return [say(what, publishedAt, runId), ...(rollback ? [rolledBackSaid(rollback)] : []), ...newer]
}

/** Who went back to the edition that is shown, and what ends that. */
function rolledBackSaid({ from, by, why, at, holds }: Rollback): Said {
  const until = holds ? '; it holds until an edition is published whose build began after it' : ''
  return say(`${by} rolled it back from edition ${from}: ${why}${until}`, at)
}

/** A good build behind the published one: its publication is under way, or lost, or kept back by a rollback. */
function newerSaid(state: Item | undefined, ordinal: number, rollback?: Rollback): Said[] {
  if (!state || Number(state.ordinal) <= ordinal || rollback?.holds) return []
  return [
    say(`run ${state.builtBy} built a newer edition that is not published yet`, undefined, state.builtBy),
  ]
}

/** The silver runs of an entity that no good build of the lane has read, and what keeps each. */
export async function unbuiltSaid(ledger: LedgerReader, lane: string, entity: string): Promise<Said[]> {
  const [count, state] = await Promise.all([silverCount(ledger, entity), buildState(ledger, lane)])
  const read = state?.silverRuns[entity] ?? 0
  const missing = count - read
  if (count === 0) return [say(`no silver of ${entity} is committed yet`)]
  if (missing <= 0)
    return [say(`all committed silver of ${entity} was read by the last good build of lane ${lane}`)]
  const page = await ledger.query(silverPk(entity), {
    prefix: 'RUN#',
    limit: NAMED_MAX,
    after: JSON.stringify(silverRunKey(entity, read)),
  })
  const kept = await Promise.all(page.items.map((item) => keptSaid(ledger, lane, entity, item)))
  const rest = missing - page.items.length
  const number = `${counted(missing, 'silver run')} of ${entity} ${missing === 1 ? 'is' : 'are'} in no good build of lane ${lane} yet`
  return [
    say(number),
    ...kept,
    ...(rest > 0 ? [say(`${counted(rest, 'more', { many: 'more' })} of them are not named here`)] : []),
  ]
}

async function keptSaid(
  ledger: LedgerReader,
  lane: string,
  entity: string,
  { runId, rows }: Item,
): Promise<Said> {
  const silver = `run ${runId} (${counted(Number(rows), 'row')} of ${entity})`
  const entry = await ledger.get(silverEntryKey(lane, String(runId)))
  if (!entry) return say(`${silver} is committed, and lane ${lane} has no record of it yet`, undefined, runId)
  if (!entry.run) return say(`${silver} waits in lane ${lane} since then`, arrival(entry.waitSk), runId)
  const last = (await followed(ledger, entry.run)).at(-1)
  return say(
    `${silver} was taken by build ${entry.run}${last ? `; ${brief(last, entry.run)}` : ''}`,
    undefined,
    last?.runId ?? runId,
  )
}

/** The parked runs of these subjects among the newest runs. */
export async function parkedSaid(ledger: LedgerReader, subjects: string[]): Promise<Said[]> {
  const page = await ledger.index('recent', { of: INDEXED, limit: PARKED_LOOKED_MAX, newestFirst: true })
  const parked = page.items.filter(
    ({ state, subject }) => state === 'PARKED' && subjects.includes(String(subject)),
  )
  return parked.slice(0, NAMED_MAX).map((item) => {
    const run = item as Run
    const held = run.gate === 'failed' ? 'its gate held it back' : 'it failed'
    return say(
      `${run.kind} ${run.runId} of ${run.subject} is parked, ${held}: ${run.reason}`,
      run.endedAt,
      run.runId,
    )
  })
}
