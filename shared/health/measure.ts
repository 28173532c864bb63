import { arrivals } from '../arrivals.js'
import { type BuildState, buildState, editionKey, goldPointerKey } from '../build.js'
import { silverHeadKey, silverRunKey } from '../cleanse.js'
import type { BuildLane, Declared } from '../declared.js'
import type { Edition, Pointer } from '../editions.js'
import { holdKey, laneName, lanePk } from '../lane.js'
import type { LedgerReader } from '../ledger.js'
import { QUALITY_PREFIX, type Quality, qualityKey } from '../quality.js'
import { type Run, runKey } from '../run.js'
import { HISTORY_MAX } from './rows.js'

/** What the ledger says of a lane's health. Each read is of one item or one short page: none grows with the past. */

export interface MeasuredEntity {
  entity: string
  /** When its newest committed row had landed. */
  newestAt?: string | undefined
  /** Committed runs, and how many of them the lane's last good build has read. */
  count: number
  built: number
  /** Rows of all committed runs. */
  rows: Record<'in' | 'out' | 'duplicates' | 'rejected', number>
  /** When the oldest landed that is in silver and in no good build. */
  unbuiltSince?: string | undefined
  /** When the oldest landed that is not in silver yet. */
  uncleansedSince?: string | undefined
}

export interface MeasuredDomain {
  domain: string
  pointer?: Pointer | undefined
  /** The edition that readers see. */
  edition?: Edition | undefined
  /** The last builds, newest first. */
  builds: Quality[]
  /** When the oldest had come that a good build has taken in and readers do not see. */
  unpublishedSince?: string | undefined
}

export interface MeasuredLane {
  lane: BuildLane
  state?: BuildState | undefined
  entities: MeasuredEntity[]
  domains: MeasuredDomain[]
  /** When the oldest came that waits for a build of the lane, or is in the one under way. */
  waitingSince?: string | undefined
}

type Reader = { ledger: Pick<LedgerReader, 'get' | 'query'> }

/** The measures of every lane of the project. */
export const measureLanes = (effects: Reader, { lanes }: Pick<Declared, 'lanes'>): Promise<MeasuredLane[]> =>
  Promise.all(lanes.map((lane) => measureLane(effects, lane)))

/** The measures of one lane. */
export async function measureLane(effects: Reader, lane: BuildLane): Promise<MeasuredLane> {
  const name = laneName('build', lane.lane)
  const state = await buildState(effects.ledger as LedgerReader, name)
  const [waitingSince, entities, domains] = await Promise.all([
    oldestIn(effects, name),
    Promise.all(lane.entities.map((entity) => measureEntity(effects, entity, state))),
    Promise.all(lane.domains.map((domain) => measureDomain(effects, domain, state))),
  ])
  return { lane, state, entities, domains, waitingSince }
}

const NONE = { in: 0, out: 0, duplicates: 0, rejected: 0 }

async function measureEntity(
  effects: Reader,
  entity: string,
  state: BuildState | undefined,
): Promise<MeasuredEntity> {
  const { ledger } = effects
  const [head, uncleansedSince] = await Promise.all([
    ledger.get(silverHeadKey(entity)),
    oldestIn(effects, laneName('cleanse', entity)),
  ])
  const count = Number(head?.count ?? 0)
  const built = state?.silverRuns[entity] ?? 0
  const next = count > built ? await ledger.get(silverRunKey(entity, built + 1)) : undefined
  return {
    ...{ entity, count, built, rows: { ...NONE, ...(head?.rows as object | undefined) }, uncleansedSince },
    newestAt: head?.newestAt as string | undefined,
    unbuiltSince: next && (await arrivalOf(effects, String(next.runId), next.arrivedAt)),
  }
}

/** When the oldest came that waits in a lane or is in its run, if anything does. */
async function oldestIn(effects: Reader, lane: string): Promise<string | undefined> {
  const { ledger } = effects
  const [hold, waiting] = await Promise.all([
    ledger.get(holdKey(lane)),
    ledger.query(lanePk(lane), { prefix: 'WAIT#', limit: 1 }),
  ])
  const held = hold?.holder ? await arrivalOf(effects, String(hold.holder)) : undefined
  return earliest([held, arrivals(waiting.items).arrivedAt])
}

/** When a run's oldest input had come; its own beginning where nobody noted that yet. */
async function arrivalOf({ ledger }: Reader, runId: string, known?: unknown): Promise<string | undefined> {
  if (typeof known === 'string') return known
  const run = (await ledger.get(runKey(runId))) as Run | undefined
  return run?.arrivedAt ?? run?.createdAt
}

async function measureDomain(
  effects: Reader,
  domain: string,
  state: BuildState | undefined,
): Promise<MeasuredDomain> {
  const { ledger } = effects
  const [pointer, history] = await Promise.all([
    ledger.get(goldPointerKey(domain)) as Promise<Pointer | undefined>,
    ledger.query(qualityKey(domain, '').PK, {
      ...{ prefix: QUALITY_PREFIX, limit: HISTORY_MAX + 5, newestFirst: true },
    }),
  ])
  const edition = pointer && ((await ledger.get(editionKey(domain, pointer.edition))) as Edition | undefined)
  const isBehind = state !== undefined && (pointer?.newest ?? 0) < state.ordinal && !pointer?.rollback?.holds
  const unpublishedSince = isBehind && state.builtBy ? await arrivalOf(effects, state.builtBy) : undefined
  return { domain, pointer, edition, builds: history.items as Quality[], unpublishedSince }
}

/** The earliest of some times, any of which may be absent: what is absent is sorted behind the others. */
export const earliest = (times: (string | undefined)[]): string | undefined => [...times].sort()[0]
