import { NotFoundError } from '@aws-lambda-powertools/event-handler/http'
import type * as z from 'zod'
import { BackfillMoved, BackfillRequested, type Outgoing } from '../../../events/catalog.js'
import { asked } from '../../../shared/backfill/asked.js'
import {
  ASKS_MAX,
  type Ask,
  BACKFILLS,
  type Backfill,
  backfillKey,
  changed,
  newBackfill,
  PARALLEL_MAX,
} from '../../../shared/backfill/backfill.js'
import { estimate, spentBefore } from '../../../shared/backfill/estimate.js'
import { limitOf, whyNoWindow } from '../../../shared/backfill/live.js'
import { CHUNKS_MAX, chunkAt, chunkCount, daysAfter } from '../../../shared/backfill/range.js'
import { type Clock, iso } from '../../../shared/clock.js'
import type { Declared } from '../../../shared/declared.js'
import { is, type Ledger, type LedgerReader } from '../../../shared/ledger.js'
import { knownBackfill } from './backfills.js'
import { BadBody, Conflict } from './bodies.js'
import type { askBody, backfillBody } from './intake-bodies.js'

export interface BackfillCommandEffects {
  ledger: LedgerReader & Pick<Ledger, 'write'>
  clock: Clock
  project: Declared
  /** Puts one event on the bus and gives the id that EventBridge gave it. */
  request(event: Outgoing): Promise<string>
}

/** As many windows as an answer lists. */
const WINDOWS_MAX = 100
/** As many backfills as are looked at for one that does the same already. */
const SAME_SEEN_MAX = 50
const ROUNDS_MAX = 5

type Body = z.infer<typeof backfillBody>

/**
 * Begins a backfill, or with `dryRun` only says what it would do: its chunks, and how long and how dear they would be.
 * The item is written first, the event tells of it: one that is lost is found by the reconciler.
 */
export async function backfill(effects: BackfillCommandEffects, body: Body) {
  const { clock, ledger } = effects
  const { dryRun, ...wanted } = checkedWish(effects, body)
  const answer = {
    ...{ source: wanted.source, from: wanted.from, to: wanted.to, chunkDays: wanted.chunkDays },
    limit: limitOf(effects.project, wanted.source),
    ...estimate(wanted, await spentBefore(ledger, wanted.source)),
    windows: windowsOf(wanted),
  }
  if (dryRun) return json(200, { dryRun, ...answer })
  await refuseSame(effects, wanted)
  const backfillId = clock.newId()
  await ledger.write(newBackfill(clock, backfillId, wanted))
  const event = { name: BackfillRequested.name, detail: { backfillId } }
  const eventId = await effects.request(event)
  return json(202, { backfillId, eventId, ...answer, by: wanted.by, follow: follow(backfillId) })
}

/** What is asked for, in the bounds of the source and of a backfill. Throws what the API answers. */
function checkedWish({ project, clock }: BackfillCommandEffects, body: Body) {
  const { source, from, to } = body
  const declared = Object.hasOwn(project.sources, source) ? project.sources[source] : undefined
  if (!declared) throw new NotFoundError(`there is no source "${source}"`)
  const blind = whyNoWindow(declared)
  if (blind) throw new Conflict(`${source} cannot be backfilled: ${blind}`)
  const tomorrow = daysAfter(iso(clock.now()).slice(0, 10), 1)
  if (from >= to) throw new BadBody(['to: must be after from; it is exclusive'])
  if (to > tomorrow) throw new BadBody([`to: must be ${tomorrow} or before; it is exclusive`])
  if (chunkCount(body) > CHUNKS_MAX)
    throw new BadBody([`chunkDays: ${chunkCount(body)} chunks are more than ${CHUNKS_MAX}; make them longer`])
  const parallel = Math.min(body.parallel ?? PARALLEL_MAX, limitOf(project, source), PARALLEL_MAX)
  return { ...body, parallel }
}

/** A request that came twice, or two persons with one thought, must not ask the source twice. */
async function refuseSame({ ledger }: BackfillCommandEffects, wanted: Body): Promise<void> {
  const page = await ledger.index('recent', { of: BACKFILLS, limit: SAME_SEEN_MAX, newestFirst: true })
  const { source, from, to, chunkDays } = wanted
  const same = (page.items as unknown as Backfill[]).find(
    (one) =>
      (one.state === 'running' || one.state === 'paused') &&
      [one.source === source, one.from === from, one.to === to, one.chunkDays === chunkDays].every(Boolean),
  )
  if (same) throw new Conflict(`backfill ${same.backfillId} does the same and is ${same.state}`)
}

function windowsOf(wanted: Body & { parallel: number }) {
  const count = Math.min(chunkCount(wanted), WINDOWS_MAX)
  return Array.from({ length: count }, (_, place) => chunkAt(wanted, place))
}

/** Pauses, resumes or cancels a backfill, and tells the stage; refused when its state does not allow it. */
export async function askBackfill(
  effects: BackfillCommandEffects,
  backfillId: string,
  what: Ask,
  body: z.infer<typeof askBody>,
) {
  const { ledger, clock } = effects
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const before = await knownBackfill(ledger, backfillId)
    if (!before) throw new NotFoundError(`there is no backfill "${backfillId}"; GET /backfills lists them`)
    const after = asked(before, what, clock.now())
    if (!after) throw new Conflict(`backfill ${backfillId} is ${before.state}: it cannot be ${PAST[what]}`)
    const asks = [...(before.asks ?? []), { what, ...body, at: iso(clock.now()) }].slice(-ASKS_MAX)
    const written = await ledger.write({
      update: backfillKey(backfillId),
      ...changed(clock, { ...after, asks }),
      when: [is('version', before.version)],
    })
    if (!written.done) continue
    const eventId = await effects.request({ name: BackfillMoved.name, detail: { backfillId } })
    return json(202, { backfillId, eventId, state: after.state, ...body, follow: follow(backfillId) })
  }
  throw new Conflict(`backfill ${backfillId} changes too often right now: ask again`)
}

const PAST = { pause: 'paused', resume: 'resumed', cancel: 'cancelled' } as const
const follow = (backfillId: string) => `npx sluice backfill show ${backfillId}`

const json = (status: number, body: object) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
