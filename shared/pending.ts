import { type Detail, RollbackRequested } from '../events/catalog.js'
import type { Clock } from './clock.js'
import { carried } from './correlation.js'
import { editionKey, goldPointerKey } from './editions.js'
import { joining } from './lane.js'
import type { LedgerReader, Value, Write } from './ledger.js'
import type { Run } from './run.js'

/**
 * Editions that readers see before their tests ran: a `fast` build publishes one as `pending`, and leaves an entry in its
 * lane for a run of mode `test`. That says `passed`, or the edition before is shown again.
 */
interface Tested {
  edition: string
  /** The database that the fast build left, with the very tables of the edition. */
  database: string
  domains: string[]
  /** By domain the edition that readers saw before; none for a domain that had published nothing. */
  before: Record<string, string>
  /** Another lane tests other domains of the edition since a deployment, and reads the same database. */
  shared?: true
}

/** A request to show another edition, as the bus takes it. */
interface RollbackAsked {
  name: typeof RollbackRequested.name
  detail: Detail<typeof RollbackRequested>
}

/** What the run of mode `test` of a lane is to look at; nothing of any other run. */
export const testedBy = (run: { [name: string]: unknown }): Tested | undefined =>
  run.tested as Tested | undefined

/** The writes by which the tests of an edition wait in the lane; for the transaction that ends its build. */
export async function testsToFollow(
  { ledger, clock }: { ledger: LedgerReader; clock: Clock },
  run: Run,
  { edition, database }: { edition: string; database: string },
): Promise<Write[]> {
  const before: Tested['before'] = {}
  const domains = run.domains as string[]
  for (const domain of domains) {
    const pointer = await ledger.get(goldPointerKey(domain))
    if (pointer) before[domain] = String(pointer.edition)
  }
  const input = { mode: 'test', tested: { edition, database, domains, before }, ...carried(run) }
  const owner = { PK: `ENTRY#${run.lane}#tests:${edition}`, SK: 'META', ...input }
  return joining(clock, run.lane, { owner, input, bytes: 0 })
}

/** The writes that say of an edition, in each of its domains, that its tests have passed. */
export const testsPassed = (run: Run): Write[] => {
  const { edition, domains } = testedBy(run) as Tested
  // One that failed before, and that a person lets pass now, is not shown by that: readers can be brought back to it.
  const waived: Record<string, Value> = run.waiver ? { waiver: run.waiver as Value } : {}
  return domains.map((domain) => ({
    update: editionKey(domain, edition),
    set: { state: 'passed', testedBy: run.runId, ...waived },
    remove: ['failedAt'],
  }))
}

/** What one of the lanes that go on with a lane’s domains has to test of an edition; nothing where it is none of its. */
export function testsOf(tested: Tested, domains: string[]): Tested | undefined {
  const own = tested.domains.filter((domain) => domains.includes(domain))
  if (own.length === 0) return undefined
  const all = own.length === tested.domains.length
  return { ...tested, domains: own, ...(!all && { shared: true as const }) }
}

/** The requests that `rollbacksOf` makes: each leaves a record, also where it is refused. */
export const rollbackIds = (run: Run): string[] => rollbacksOf(run).map(({ detail }) => detail.requestId)

/** Asks to show what readers saw before an edition whose tests failed; nothing for any other run. */
export function rollbacksOf(run: Run): RollbackAsked[] {
  const tested = testedBy(run)
  if (!tested || run.gate !== 'failed') return []
  const { edition, domains, before } = tested
  const asked = { from: edition, by: 'finish-build', failed: true as const }
  const why = String(run.reason).slice(0, 1_000)
  return domains.map((domain) => {
    // Where readers had seen nothing before there is no way back, and it is only said of the edition that it failed.
    const to = before[domain] ?? edition
    const detail = { ...asked, domain, requestId: `tests:${edition}:${domain}`, to, why }
    return { name: RollbackRequested.name, detail }
  })
}
