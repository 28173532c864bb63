import { type Detail, type GoldBuilt, type Heard, RollbackRequested } from '../../../events/catalog.js'
import { editionKey, goldPointerKey } from '../../../shared/build.js'
import { iso } from '../../../shared/clock.js'
import { carried } from '../../../shared/correlation.js'
import {
  type Edition,
  isHeldBy,
  type Pointer,
  pointing,
  publishEntryKey,
  unmoved,
} from '../../../shared/editions.js'
import { Contention, TransientError } from '../../../shared/errors.js'
import { absent, type Write } from '../../../shared/ledger.js'
import type { Outcome } from '../../../shared/observe.js'
import { addTables, exportedDatasets, follow, type PublishGoldEffects } from './follow.js'
import { rollBack } from './roll-back.js'

export type Asked = Heard<typeof GoldBuilt | typeof RollbackRequested>

/** Others move the pointer too: a lost round is another one's move. */
const ROUNDS_MAX = 5

/** Moves the pointer: on to the edition of a build, or back to an earlier one because a person asked. */
export async function goldMoved(effects: PublishGoldEffects, asked: Asked): Promise<Outcome> {
  if (asked['detail-type'] === RollbackRequested.name) return { did: await rollBack(effects, asked.detail) }
  return { runId: asked.detail.runId, did: await publishGold(effects, asked.detail) }
}

/**
 * Flips each domain's pointer to the edition, then its catalog tables, and tells what was published. An edition that
 * comes after a newer one, or that was begun before a rollback that holds, is recorded and flips nothing.
 */
export async function publishGold(
  effects: PublishGoldEffects,
  built: Detail<typeof GoldBuilt>,
): Promise<string> {
  const published: string[] = []
  const held: string[] = []
  const failed: string[] = []
  for (const domain of built.domains) {
    const place = await publishDomain(effects, domain, built)
    if (place === 'shown') published.push(domain)
    if (place === 'held') held.push(domain)
    if (place === 'failed') failed.push(domain)
  }
  const did = [
    ...(published.length > 0 ? [`published ${published.join(', ')}`] : []),
    ...(held.length > 0 ? [`not published, begun before a rollback: ${held.join(', ')}`] : []),
    ...(failed.length > 0 ? [`not published, its tests have failed: ${failed.join(', ')}`] : []),
  ]
  return did.length > 0 ? did.join('; ') : 'a newer edition is published already'
}

type Place = 'shown' | 'late' | 'held' | 'failed'

async function publishDomain(
  effects: PublishGoldEffects,
  domain: string,
  built: Detail<typeof GoldBuilt>,
): Promise<Place> {
  const { ledger, clock } = effects
  const { runId, edition } = built
  const { place, isPublished, heldBy } = await flipped(effects, domain, edition)
  if (place === 'shown') await follow(effects, domain, carried(built))
  const heard = { edition, at: iso(clock.now()), current: isPublished, ...(heldBy && { heldBy }) }
  await ledger.write({ put: { ...publishEntryKey(domain, runId), ...heard } })
  return place
}

interface Flipped {
  place: Place
  /** Whether readers have ever seen the edition. */
  isPublished: boolean
  /** The request that holds it. */
  heldBy?: string | undefined
}

/** Moves the pointer to the edition, unless it names it already, or must not. */
async function flipped(effects: PublishGoldEffects, domain: string, name: string): Promise<Flipped> {
  const { ledger, clock } = effects
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const edition = (await ledger.get(editionKey(domain, name))) as Edition | undefined
    if (!edition) throw new TransientError(`the ledger does not know edition ${name} of ${domain} yet`)
    const pointer = (await ledger.get(goldPointerKey(domain))) as Pointer | undefined
    const place = placeOf(name, edition, pointer)
    const isPublished = edition.publishedAt !== undefined
    if (place !== 'next') return { place, isPublished, ...(place === 'held' && heldBy(pointer)) }
    if (round === 0) await addTables(effects, await exportedDatasets(effects, domain, edition), name)
    const { done } = await ledger.write(...move(domain, edition, pointer, iso(clock.now())))
    if (done) return { place: 'shown', isPublished: true }
  }
  throw new Contention(`the pointer of ${domain} was contended in ${ROUNDS_MAX} rounds`)
}

const heldBy = (pointer: Pointer | undefined) => ({ heldBy: pointer?.rollback?.requestId })

/** Where an edition stands to the pointer: shown, the next to be shown, come too late, or held by a rollback. */
function placeOf(name: string, edition: Edition, pointer: Pointer | undefined): Place | 'next' {
  if (pointer?.edition === name) return 'shown'
  if (edition.failedAt) return 'failed'
  if (edition.retiredAt || (pointer && pointer.newest >= edition.ordinal)) return 'late'
  return isHeldBy(pointer?.rollback, edition) ? 'held' : 'next'
}

/** The pointer, the edition that comes and the one that goes, in one transaction. */
function move(domain: string, edition: Edition, pointer: Pointer | undefined, at: string): Write[] {
  const { PK, SK } = edition
  const rollback = pointer?.rollback && { rollback: pointer.rollback }
  return [
    {
      update: goldPointerKey(domain),
      set: pointing(edition, pointer, at),
      remove: ['rollback'],
      when: unmoved(pointer),
    },
    {
      update: { PK, SK },
      set: { publishedAt: at, ...(pointer && { replaced: { edition: pointer.edition, ...rollback } }) },
      remove: ['leftAt'],
      when: [absent('retiredAt'), absent('failedAt')],
    },
    ...(pointer ? [{ update: editionKey(domain, pointer.edition), set: { leftAt: at } }] : []),
  ]
}
