import type { Detail, ExtractRequested } from '../events/catalog.js'
import { claim } from './claim.js'
import { carried } from './correlation.js'
import type { Declared, DeclaredSource } from './declared.js'
import { join, laneName, lanePk, registerLane, type World } from './lane.js'
import type { Key, LedgerReader, Value } from './ledger.js'

/** How far the plain extractions of a source got: what the last good one left. */
export interface ExtractState {
  ordinal: number
  /** The container's own state, in the artifacts bucket. */
  stateUri: string | null
  cursors: { [entity: string]: Value }
}

/**
 * The lane of a source, or one of those beside it: a window neither reads nor moves the cursor, so it waits for no plain
 * extraction, and windows of different slots run side by side.
 */
export const extractLane = (source: string, slot?: number) =>
  laneName('extract', slot === undefined ? source : `${source}:${slot}`)
/** The memory of a request: a repeated one finds it and has no effect. */
export const requestKey = (lane: string, requestId: string): Key => ({
  PK: `ENTRY#${lane}#request:${requestId}`,
  SK: 'META',
})
export const extractStateKey = (source: string): Key => ({ PK: lanePk(extractLane(source)), SK: 'STATE' })

/** The cursor of a source, or nothing before its first good extraction. */
export async function extractState(
  ledger: Pick<LedgerReader, 'get'>,
  source: string,
): Promise<ExtractState | undefined> {
  return (await ledger.get(extractStateKey(source))) as unknown as ExtractState | undefined
}

/** The source of that name, when it is one that Sluice itself starts something for. */
export function startedSource({ sources }: Pick<Declared, 'sources'>, name: string) {
  const source: DeclaredSource | undefined = Object.hasOwn(sources, name) ? sources[name] : undefined
  return source?.extract || source?.start ? source : undefined
}

type Asked = Detail<typeof ExtractRequested>
const laneOf = ({ source, slot, window }: Pick<Asked, 'source' | 'slot' | 'window'>) =>
  extractLane(source, window && (slot ?? 0))

/** The key of the item that remembers a request, and will name the run that takes it. */
export const askedPk = (asked: Asked): string => requestKey(laneOf(asked), asked.requestId).PK

/** Lets a request join its source’s lane, once however often it comes; what cannot be extracted is refused. */
export async function requestExtract(
  world: World & { project: Pick<Declared, 'sources'> },
  { source, requestId, slot, ...asked }: Asked,
): Promise<string> {
  const declared = startedSource(world.project, source)
  if (!declared) return `refused: nothing is declared to be extracted from a source "${source}"`
  const { window } = asked
  if (window && declared.start) return 'refused: a job of the dbt platform knows no window'
  if (window && window.from >= window.to)
    return `refused: no day lies between ${window.from} and ${window.to}`
  const lane = laneOf({ source, slot, window })
  await registerLane(world, lane)
  // A request without an id of its own for all that follows lends it its name, when that can be one.
  const input = { requestId, ...carried({ correlationId: requestId }), ...asked } as { [name: string]: Value }
  const owner = { ...requestKey(lane, requestId), source, ...input }
  const entry = { owner, input, bytes: 0, ...(window && { alone: true as const }) }
  const joined = await join(world, lane, entry)
  await claim(world, lane)
  return joined === 'joined' ? `waits in ${lane}` : 'requested before'
}
