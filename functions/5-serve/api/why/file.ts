import { feedOf } from '../../../../shared/declared.js'
import type { Item, LedgerReader } from '../../../../shared/ledger.js'
import type { LandedVersion } from '../../../../shared/objects.js'
import { fileKey } from '../../../1-ingest/record-landing/record-landing.js'
import { fatesOf } from './event.js'
import { brief, followed } from './follow.js'
import { arrival, waiting } from './lane.js'
import { askedBy, now } from './run.js'
import { counted, type Said, say, type WhyEffects } from './said.js'

/** Versions of one key of which an answer tells. */
const VERSIONS_MAX = 10

/** A landed key: its newest version in full, each older one in a sentence. */
export async function keySaid(effects: WhyEffects, versions: LandedVersion[]): Promise<Said[]> {
  const [newest, ...older] = versions
  if (!newest) return []
  const whole = await versionSaid(effects, newest)
  const shown = await Promise.all(older.slice(0, VERSIONS_MAX).map((version) => olderSaid(effects, version)))
  const number = counted(versions.length, 'version')
  const head = older.length > 0 ? [say(`${number} of this key landed; this is the newest`)] : []
  const rest = older.length - VERSIONS_MAX
  return [
    ...head,
    ...whole,
    ...shown,
    ...(rest > 0 ? [say(`${counted(rest, 'version')} before are not shown`)] : []),
  ]
}

async function olderSaid({ ledger, bronzeBucket }: WhyEffects, version: LandedVersion): Promise<Said> {
  const { PK } = fileKey({ bucket: bronzeBucket, ...version })
  const item = await ledger.get({ PK, SK: 'META' })
  const id = PK.slice('FILE#'.length)
  const head = `the older version ${version.versionId}, ${counted(version.bytes, 'byte')},`
  if (!item) return say(`${head} is in no record`, version.landedAt)
  if (!item.lane) return say(`${head} is in quarantine: ${item.reason}`, version.landedAt, id)
  const last = item.run ? (await followed(ledger, item.run)).at(-1) : undefined
  return say(
    `${head} ${last ? `was taken; ${brief(last)}` : `waits in lane ${item.lane}`}`,
    version.landedAt,
    id,
  )
}

async function versionSaid(effects: WhyEffects, version: LandedVersion): Promise<Said[]> {
  const { PK } = fileKey({ bucket: effects.bronzeBucket, ...version })
  const item = await effects.ledger.get({ PK, SK: 'META' })
  if (item) return fileSaid(effects, item)
  const { key, versionId, bytes, landedAt } = version
  const events = await fatesOf(effects.ledger, PK)
  const state = events.length > 0 ? 'its event came, and is brought again' : 'its event has not come'
  return [
    say(`version ${versionId} of ${key} landed, ${counted(bytes, 'byte')}`, landedAt),
    ...events,
    say(`no lane has it yet: ${state}; the reconciler lists the last hours every 5 minutes as well`),
  ]
}

/** One file version as the ledger knows it: where it belongs, what took it, and where that went. */
export async function fileSaid(effects: WhyEffects, item: Item): Promise<Said[]> {
  const { key, versionId, bytes, landedAt } = item
  const id = item.PK.slice('FILE#'.length)
  const landed = say(`version ${versionId} of ${key} landed, ${counted(Number(bytes), 'byte')}`, landedAt, id)
  const events = await fatesOf(effects.ledger, item.PK)
  if (!item.lane) return [landed, ...events, ...quarantined(effects, item, id)]
  const belongs = item.source ? `source ${item.source} feeds ${item.entity}: ` : ''
  const joined = say(`${belongs}it joined lane ${item.lane}${askedBy(item)}`, arrival(item.waitSk), item.lane)
  const went = item.run
    ? await taken(effects, item)
    : await waiting(effects.ledger, String(item.lane), item.PK)
  return [landed, ...events, joined, ...went]
}

function quarantined(
  { project }: WhyEffects,
  { key, reason, quarantined: rule, quarantinedAt }: Item,
  id: string,
) {
  const at = String(quarantinedAt).split('#')[0]
  const declared = feedOf(project, String(key)) !== undefined
  return [
    say(`it is in quarantine (${rule}): ${reason}`, at, id),
    ...(declared ? [say(`its source is declared by now: npx sluice quarantine replay ${id}`)] : []),
  ]
}

async function taken(effects: WhyEffects, item: Item): Promise<Said[]> {
  const { ledger } = effects
  const runs = await followed(ledger, item.run)
  const last = runs.at(-1)
  if (!last)
    return [say(`run ${item.run} took it, and the ledger does not know that run`, undefined, item.run)]
  const merged = await Promise.all(
    runs.map(async (run, place) => {
      const others = await othersOf(ledger, run.runId)
      const what = place === 0 ? 'was merged into' : 'was put back, and went into'
      return say(`it ${what} run ${run.runId} ${others}`, run.createdAt, run.runId)
    }),
  )
  const ended =
    last.state === 'COMMITTED' || last.state === 'PARKED' ? [say(brief(last), last.endedAt, last.runId)] : []
  return [...merged, ...ended, ...(await now(effects, last))]
}

const COUNTED_MAX = 1_000

/** With how many other entries a run took one. */
async function othersOf(ledger: LedgerReader, runId: string): Promise<string> {
  const page = await ledger.query(`RUN#${runId}`, { prefix: 'IN#', limit: COUNTED_MAX })
  const others = page.items.length - 1
  if (others < 1) return 'alone'
  return `with ${counted(others, 'other', { more: page.next !== undefined })}`
}
