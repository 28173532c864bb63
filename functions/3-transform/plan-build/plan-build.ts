import type { BuildRequested, Detail, Heard, SilverUpdated, SyncFinished } from '../../../events/catalog.js'
import { arrived } from '../../../shared/arrivals.js'
import { buildState, selectorOf } from '../../../shared/build.js'
import { claim } from '../../../shared/claim.js'
import { silverPk, silverRunKey } from '../../../shared/cleanse.js'
import { iso } from '../../../shared/clock.js'
import { carried } from '../../../shared/correlation.js'
import { type BuildLane, type Declared, laneReading } from '../../../shared/declared.js'
import { type Entry, join, laneName, registerLane, type World } from '../../../shared/lane.js'
import { absent, type Item, type Key } from '../../../shared/ledger.js'
import { countNews, newsOf, silenceOf, whyLook } from '../../../shared/news.js'

export interface PlanBuildEffects extends World {
  project: Declared
}

/** Takes in whatever may lead to a build. */
export async function planned(
  effects: PlanBuildEffects,
  { detail }: Heard<typeof SilverUpdated | typeof SyncFinished | typeof BuildRequested>,
): Promise<{ did: string; runId?: string }> {
  if ('syncId' in detail) return { did: await planSync(effects, detail) }
  if ('requestId' in detail) return { did: await planRequest(effects, detail) }
  return { did: await planBuild(effects, detail), runId: detail.runId }
}

/** The ledger's proofs that a build lane has heard of a silver run, of a finished sync and of a request. */
export const silverEntryKey = (lane: string, runId: string) => entryKey(lane, `silver:${runId}`)
const syncEntryKey = (lane: string, syncId: string) => entryKey(lane, `sync:${syncId}`)
export const requestEntryKey = (lane: string, requestId: string) => entryKey(lane, `request:${requestId}`)
const entryKey = (lane: string, identity: string): Key => ({ PK: `ENTRY#${lane}#${identity}`, SK: 'META' })

/** Lets new silver join the lane of the domains that read it; an entity that no model reads ends here. */
export async function planBuild(
  effects: PlanBuildEffects,
  silver: Detail<typeof SilverUpdated>,
): Promise<string> {
  const { entity, runId } = silver
  const reading = laneReading(effects.project, entity)
  if (!reading) return `no dbt model reads ${entity}`
  const lane = laneName('build', reading.lane)
  const known = { ...arrived(silver), ...carried(silver) }
  const input = { selector: selectorOf(entity), entity, silverRun: runId, ...known }
  return joined(effects, lane, { owner: { ...silverEntryKey(lane, runId), ...input }, input, bytes: 0 })
}

/** Lets a finished sync of a warehouse source join its domain's lane: the data is there already, the models are not. */
export async function planSync(
  effects: PlanBuildEffects,
  { syncId, source, correlationId }: Detail<typeof SyncFinished>,
): Promise<string> {
  const { sources } = effects.project
  const declared = Object.hasOwn(sources, source) ? sources[source] : undefined
  if (!declared?.warehouse) return `${source} feeds no warehouse`
  const { domain, selectors } = declared.warehouse
  const lane = laneOf(effects.project, domain)
  if (!lane) return `no dbt lane has the domain ${domain}`
  const { priority } = declared
  const key = syncEntryKey(lane, syncId)
  const known = await effects.ledger.get(key)
  // One that has joined keeps its number: counted again, it would be news that no build has taken in.
  const news = known ? Number(known.news) : await countNews(effects, source, syncId)
  const input = { mode: 'source', source, syncId, news, domain, selectors, ...carried({ correlationId }) }
  const owner = { ...key, ...input }
  return joined(effects, lane, { owner, input, bytes: 0, ...(priority && { priority }) })
}

/** How long the ledger remembers a request, so that it has one effect: 90 days. */
const REQUEST_SECONDS = 90 * 24 * 3_600

/** Lets a request join its domain's lane. One that wants new data only is recorded when there is none, and ends here. */
export async function planRequest(
  effects: PlanBuildEffects,
  request: Detail<typeof BuildRequested>,
): Promise<string> {
  const { domain, requestId, mode, selectors, onlyIfNew, force, by } = request
  const declared = effects.project.lanes.find(({ domains }) => domains.includes(domain))
  if (!declared) return `no dbt lane has the domain ${domain}`
  const lane = laneName('build', declared.lane)
  const { clock, ledger } = effects
  const expiresAt = Math.floor(clock.now() / 1_000) + REQUEST_SECONDS
  const asked = {
    mode,
    domain,
    ...(selectors && { selectors }),
    ...(onlyIfNew && { onlyIfNew }),
    ...(force && { force }),
  }
  const owner: Item = { ...requestEntryKey(lane, requestId), ...asked, by, expiresAt }
  const nothing = onlyIfNew && (await nothingNew(effects, declared))
  if (nothing) {
    const did = `no new data since the last good build${nothing.silence}`
    const written = await ledger.write({ put: { ...owner, did, at: iso(clock.now()) }, when: [absent('PK')] })
    return written.done ? did : `known already: ${(await ledger.get(owner))?.did ?? 'it has joined the lane'}`
  }
  return joined(effects, lane, { owner, input: { ...asked, ...carried(request) }, bytes: 0 })
}

/**
 * Nothing when an entity of a lane has committed more silver than the lane's last good build has read, or when a
 * container has to look into a warehouse; else whose silence says so.
 */
async function nothingNew(
  { ledger, clock, project }: PlanBuildEffects,
  lane: BuildLane,
): Promise<{ silence: string } | undefined> {
  const state = await buildState(ledger, laneName('build', lane.lane))
  for (const entity of lane.entities) {
    const after = JSON.stringify(silverRunKey(entity, state?.silverRuns[entity] ?? 0))
    const unread = await ledger.query(silverPk(entity), { prefix: 'RUN#', limit: 1, after })
    if (unread.items.length > 0) return undefined
  }
  const news = await newsOf(ledger, project, lane)
  if (whyLook(project, lane, { state, news, now: clock.now() })) return undefined
  return { silence: silenceOf(project, lane, state ?? {}) }
}

function laneOf({ lanes }: Declared, domain: string): string | undefined {
  const declared = lanes.find(({ domains }) => domains.includes(domain))
  return declared && laneName('build', declared.lane)
}

async function joined(effects: PlanBuildEffects, lane: string, entry: Entry): Promise<string> {
  const { selector, selectors = selector } = entry.input as { selector?: string; selectors?: string[] }
  const what = selectors === undefined ? 'all of its domains' : [selectors].flat().join(' ')
  await registerLane(effects, lane)
  await join(effects, lane, entry)
  const run = await claim(effects, lane)
  return run ? `build ${run} takes ${what}` : `${what} waits for the build under way`
}
