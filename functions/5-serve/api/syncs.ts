import type { Declared } from '../../../shared/declared.js'
import { buildKeys, isHeard } from '../../../shared/doors/drive-sync.js'
import { type Sync, syncKey } from '../../../shared/doors/sync.js'
import { publishEntryKey } from '../../../shared/editions.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import type { Run } from '../../../shared/run.js'
import { followed } from './why/follow.js'

interface SyncsEffects {
  project: Declared
  ledger: LedgerReader
}

const SYNC_ID = /^[0-9a-f]{32}$/

/**
 * Where a sync stands, in one word. `seen`: it triggers nothing. `unconfirmed`: its source’s API has still to say that it
 * succeeded. `told`: nobody has taken it in yet. `waiting`: it is in the lane of its build. `building`, `held` and `built`
 * are the build’s; `taken`: nothing is built for a source of files.
 */
export const syncStates = [
  'seen',
  'unconfirmed',
  'told',
  'waiting',
  'building',
  'held',
  'built',
  'taken',
] as const
type SyncState = (typeof syncStates)[number]

/** What became of one sync, from its message to the editions that its build made; nothing when there is none. */
export async function syncView(effects: SyncsEffects, syncId: string) {
  const sync = await syncOf(effects.ledger, syncId)
  if (!sync) return undefined
  const builds = await buildsOf(effects, sync)
  return {
    id: sync.syncId,
    source: sync.source,
    state: stateOf(sync, builds, await isHeard(effects, sync)),
    outcome: sync.outcome,
    why: sync.why ?? null,
    receivedAt: sync.receivedAt,
    finishedAt: sync.finishedAt ?? null,
    correlationId: sync.correlationId,
    connection: sync.connection ?? null,
    job: sync.job ?? null,
    confirmed: sync.confirmed ?? null,
    via: sync.via ?? 'notice',
    builds: await Promise.all(builds.map((build) => buildView(effects.ledger, build))),
  }
}

/** A sync by its id, or nothing. */
export const syncOf = async (ledger: LedgerReader, syncId: string): Promise<Sync | undefined> =>
  SYNC_ID.test(syncId) ? ((await ledger.get(syncKey(syncId))) as Sync | undefined) : undefined

interface Build {
  lane: string
  ownerPk: string
  /** The runs that took the sync, each put back into the next; none while it waits. */
  runs: Run[]
}

/** The builds that a sync has joined. */
export async function buildsOf({ project, ledger }: SyncsEffects, sync: Sync): Promise<Build[]> {
  const owners = await Promise.all(buildKeys(project, sync).map((key) => ledger.get(key)))
  return Promise.all(
    owners.flatMap((owner) => {
      if (!owner) return []
      const runs = owner.run ? followed(ledger, owner.run) : Promise.resolve([])
      return [runs.then((taken) => ({ lane: String(owner.lane), ownerPk: owner.PK, runs: taken }))]
    }),
  )
}

function stateOf(sync: Sync, [build]: Build[], heard: boolean): SyncState {
  if (sync.outcome === 'waiting') return 'unconfirmed'
  if (sync.outcome !== 'finished') return 'seen'
  if (!build) return heard ? 'taken' : 'told'
  const run = build.runs.at(-1)
  if (!run || run.state === 'REPLAYED') return 'waiting'
  if (run.state === 'PARKED') return 'held'
  return run.state === 'COMMITTED' ? 'built' : 'building'
}

async function buildView(ledger: LedgerReader, { lane, runs }: Build) {
  const run = runs.at(-1)
  const domains = run?.state === 'COMMITTED' ? ((run.domains ?? []) as string[]) : []
  const heard = await Promise.all(
    domains.map((domain) => ledger.get(publishEntryKey(domain, String(run?.runId)))),
  )
  return {
    lane,
    runId: run?.runId ?? null,
    state: run?.state ?? null,
    reason: run?.reason ?? null,
    published: domains.filter((_, place) => heard[place]?.current === true),
  }
}
