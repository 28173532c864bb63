import { type Detail, RollbackRequested } from '../events/catalog.js'
import type { Clock } from './clock.js'
import { carried } from './correlation.js'
import { editionKey } from './editions.js'
import { joining } from './lane.js'
import type { Value, Write } from './ledger.js'
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
export function testsToFollow(
  clock: Clock,
  run: Run,
  { edition, database }: { edition: string; database: string },
): Write[] {
  const domains = run.domains as string[]
  const input = { mode: 'test', tested: { edition, database, domains }, ...carried(run) }
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

/** Asks to take away an edition whose tests failed, in each of its domains; nothing for any other run. */
export function rollbacksOf(run: Run): RollbackAsked[] {
  const tested = testedBy(run)
  if (!tested || run.gate !== 'failed') return []
  const { edition, domains } = tested
  const asked = { from: edition, to: edition, by: 'finish-build', failed: true as const }
  const why = String(run.reason).slice(0, 1_000)
  return domains.map((domain) => {
    const detail = { ...asked, domain, requestId: `tests:${edition}:${domain}`, why }
    return { name: RollbackRequested.name, detail }
  })
}
