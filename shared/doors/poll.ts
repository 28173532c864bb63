import type { PutEvents } from '../bus.js'
import { iso } from '../clock.js'
import type { DeclaredSource } from '../declared.js'
import { type Airbyte, type AirbyteJob, JOBS_PAGE, type JobsPage, NoSecret } from './airbyte-api.js'
import { confirm } from './confirm.js'
import { recordSync, type Sync, type SyncEffects, syncFinished } from './sync.js'

export interface PollEffects extends SyncEffects {
  airbyte: Airbyte
  publish: PutEvents
}

/** Looks that one pass takes; the connections that waited longest come first, so that none is left out for ever. */
const LOOKS_MAX = 40
/** Pages of one look; the next pass goes on where it stopped. */
const PAGES_MAX = 5
/** Airbyte's list may show a job some time after it ended. */
const OVERLAP_SECONDS = 900
/** How far the first look at a connection goes back. */
const FIRST_SECONDS = 3_600
const TYPES = ['sync', 'refresh'] as const

interface Look {
  source: string
  ask: NonNullable<NonNullable<DeclaredSource['door']>['confirm']>
  connection: string | undefined
  type: JobsPage['type']
  /** Up to when the jobs are known, ISO; absent before the first look. */
  upTo: string | undefined
}

/**
 * Asks Airbyte for the finished jobs that no notice told of: a refresh never notifies, and a notice is sent once and may
 * be lost. Gives how many were found. Bounded: looks a pass, pages a look, and no new look after `until` (milliseconds).
 * Throws at the end when some could not be asked; the others were.
 */
export async function pollDoors(effects: PollEffects, until = Number.POSITIVE_INFINITY): Promise<number> {
  const looks = await due(effects)
  const errors: Error[] = []
  let found = 0
  for (const look of looks.slice(0, LOOKS_MAX)) {
    if (effects.clock.now() > until) break
    found += await take(effects, look).catch((error: Error) => {
      // A source that is declared and not set up yet is no failure of the reconciler.
      if (!(error instanceof NoSecret)) errors.push(error)
      return 0
    })
  }
  if (errors.length > 0)
    throw new AggregateError(errors, `${errors.length} sources could not be asked: ${errors[0]?.message}`)
  return found
}

const cursorKey = ({ source, connection, type }: Look) => ({
  PK: `POLL#${source}`,
  SK: `${type}#${connection ?? ''}`,
})

/** Every connection of every source that can be asked, in both types of jobs, the longest known first. */
async function due({ project, ledger }: PollEffects): Promise<Look[]> {
  const looks = Object.entries(project.sources).flatMap(([source, { door }]) => {
    const ask = door?.confirm
    if (!ask) return []
    const connections: (string | undefined)[] = door?.connectionIds ?? [undefined]
    return connections.flatMap((connection) =>
      TYPES.map((type): Look => ({ source, ask, connection, type, upTo: undefined })),
    )
  })
  const known = await Promise.all(looks.map((look) => ledger.get(cursorKey(look))))
  return looks
    .map((look, place) => ({ ...look, upTo: known[place]?.upTo as string | undefined }))
    .sort((a, b) => ((a.upTo ?? '') < (b.upTo ?? '') ? -1 : 1))
}

/** One look: records each job that is new, and moves the cursor behind what was read whole. */
async function take(effects: PollEffects, look: Look): Promise<number> {
  const now = effects.clock.now()
  const known = look.upTo === undefined ? now - FIRST_SECONDS * 1_000 : Date.parse(look.upTo)
  const since = iso(known - (look.upTo === undefined ? 0 : OVERLAP_SECONDS * 1_000))
  let found = 0
  let upTo = iso(now)
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const jobs = await effects.airbyte.succeeded(look.ask, since, { ...look, offset: page * JOBS_PAGE })
    for (const job of jobs) found += (await takeJob(effects, look, job)) ? 1 : 0
    if (jobs.length < JOBS_PAGE) break
    if (page === PAGES_MAX - 1) upTo = lastChange(jobs) ?? since
  }
  await effects.ledger.write({ put: { ...cursorKey(look), upTo } })
  return found
}

const lastChange = (jobs: AirbyteJob[]): string | undefined => {
  const last = Date.parse(jobs.at(-1)?.lastUpdatedAt ?? '')
  return Number.isNaN(last) ? undefined : iso(last + OVERLAP_SECONDS * 1_000)
}

async function takeJob(
  effects: PollEffects,
  { source, connection }: Look,
  job: AirbyteJob,
): Promise<boolean> {
  const connectionId = connection ?? job.connectionId
  if (job.status !== 'succeeded' || connectionId === undefined) return false
  const { jobId, lastUpdatedAt } = job
  const { isNew, item } = await recordSync(effects, {
    source,
    heard: {
      outcome: 'finished',
      identity: [connectionId, jobId, true],
      job: jobId,
      connection: connectionId,
      ...(lastUpdatedAt && { finishedAt: lastUpdatedAt }),
    },
    confirmed: true,
    via: `polled: ${job.jobType ?? 'job'}`,
  })
  if (!isNew && item.outcome !== 'waiting') return false
  const sync = isNew ? item : await confirmed(effects, item)
  if (sync?.outcome === 'finished') await effects.publish([syncFinished(sync)])
  return isNew
}

async function confirmed(effects: PollEffects, item: Sync): Promise<Sync | undefined> {
  const answer = await confirm(effects, item)
  return 'unsaid' in answer ? undefined : answer.sync
}
