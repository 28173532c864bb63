import { ExpiryRequested, RollbackRequested } from '../../events/catalog.js'
import type { SimTable } from './aws/table.js'
import type { Bus } from './bus.js'
import type { Found } from './evidence.js'
import { DOMAINS } from './project.js'
import type { Random } from './random.js'
import type { Timeline } from './timeline.js'
import type { Trace } from './trace.js'

interface World {
  timeline: Timeline
  random: Random
  table: SimTable
  bus: Bus
  trace: Trace
}

/** Room for builds to publish a second edition before somebody wants the first one back. */
const AFTER_MILLISECONDS = 600_000

/**
 * Persons who want earlier editions back, rightly or wrongly, some of them twice with one request, and a clock that lets
 * go of editions more often than once a day.
 */
export function rollbacks(world: World, storyEnds: number): void {
  const { timeline, random } = world
  if (random.chance(0.6)) return
  const span = storyEnds - timeline.now + AFTER_MILLISECONDS
  const acts = random.between(1, 4)
  for (let number = 0; number < acts; number += 1)
    timeline.after(random.between(30_000, span), () => back(world, `q${number}`))
  const expiries = random.chance(0.5) ? random.between(1, 4) : 0
  for (let number = 0; number < expiries; number += 1)
    timeline.after(random.between(120_000, span + AFTER_MILLISECONDS), () => {
      world.bus.announce(ExpiryRequested.name, { requestId: `nightly:${number}`, by: 'schedule' })
    })
}

function back({ timeline, random, table, bus, trace }: World, requestId: string): void {
  const pointers = table.items.filter(({ PK, SK }) => PK.startsWith('DOMAIN#') && SK === 'GOLD')
  if (pointers.length === 0) return
  const pointer = random.pick(pointers)
  const all = table.items.filter(({ PK, SK }) => PK === pointer.PK && SK.startsWith('EDITION#'))
  const others = all.filter(({ SK }) => SK !== `EDITION#${pointer.edition}`)
  // As the API would name it, and now and then something that it would have refused.
  const fit = others.filter(({ publishedAt, retiredAt }) => publishedAt && !retiredAt)
  const choice = random.chance(0.85) ? fit : others
  if (choice.length === 0) return
  const to = random.pick(choice).SK.slice('EDITION#'.length)
  const domain = pointer.PK.slice('DOMAIN#'.length)
  const detail = { domain, requestId, from: pointer.edition, to, by: 'somebody', why: 'it is wrong' }
  trace(`somebody: roll ${domain} back to ${to}`)
  bus.announce(RollbackRequested.name, detail)
  if (random.chance(0.25))
    timeline.after(random.between(10, 400_000), () => bus.announce(RollbackRequested.name, detail))
}

/** The edition that each domain publishes. */
export function pointersIn(table: SimTable): Record<string, string> {
  const found: Record<string, string> = {}
  for (const domain of DOMAINS) {
    const pointer = table.get({ PK: `DOMAIN#${domain}`, SK: 'GOLD' })
    if (pointer) found[domain] = String(pointer.edition)
  }
  return found
}

/** What the catalog shows: the edition of each published table, and which editions have tables of their own. */
export function tablesShown(tables: ReadonlyMap<string, { input: Found }>) {
  const goldTables = new Map<string, { edition: string; domain: string }>()
  const editionTables = new Set<string>()
  for (const [name, { input }] of tables) {
    const { Parameters, StorageDescriptor } = input.TableInput
    const domain = /domain=([^/]+)/.exec(StorageDescriptor.Location)?.[1] ?? ''
    const edition = String(Parameters.edition)
    if (name.startsWith('gold.')) goldTables.set(name, { edition, domain })
    else editionTables.add(`${domain}/${edition}`)
  }
  return { goldTables, editionTables }
}
