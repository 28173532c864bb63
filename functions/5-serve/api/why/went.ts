import { buildState, goldPointerKey } from '../../../../shared/build.js'
import type { BuildLane } from '../../../../shared/declared.js'
import { publishEntryKey } from '../../../../shared/editions.js'
import { laneName } from '../../../../shared/lane.js'
import type { LedgerReader } from '../../../../shared/ledger.js'
import type { Run } from '../../../../shared/run.js'
import { silverEntryKey } from '../../../3-transform/plan-build/plan-build.js'
import { brief, followed, waiverOf } from './follow.js'
import { waiting } from './lane.js'
import { type Said, say, type WhyEffects } from './said.js'

/** Where the silver of a committed cleanse went: the build that took it, and the editions that came of it. */
export async function silverSaid(
  effects: WhyEffects,
  run: Run,
  reading: BuildLane | undefined,
): Promise<Said[]> {
  const { ledger } = effects
  if (!reading) return [say(`no dbt model reads ${run.subject}: it ends in silver`)]
  const lane = laneName('build', reading.lane)
  const entry = await ledger.get(silverEntryKey(lane, run.runId))
  if (!entry) return [say(`lane ${lane} has no record of its silver yet`)]
  if (!entry.run) return waiting(ledger, lane, entry.PK)
  const builds = await followed(ledger, entry.run)
  const last = builds.at(-1)
  if (!last) return [say(`run ${entry.run} took its silver, and the ledger does not know that run`)]
  const taken = say(
    `build ${entry.run} took its silver${last.runId === entry.run ? '' : `, and was put back`}; ${brief(last, entry.run)}`,
    last.createdAt,
    last.runId,
  )
  return [taken, ...(await builtSaid(effects, last)), ...(await readSince(ledger, run, lane, last))]
}

/** Whether a good build has read a run's silver, where the build that first took it does not say so itself. */
async function readSince(ledger: LedgerReader, run: Run, lane: string, first: Run): Promise<Said[]> {
  const state = await buildState(ledger, lane)
  const number = run.silverNumber
  if (first.state === 'COMMITTED' && !first.unchanged) return []
  if (typeof number !== 'number' || !state || (state.silverRuns[run.subject] ?? 0) < number) return []
  const { builtBy } = state as unknown as { builtBy?: string }
  return [
    say(
      `the lane’s good builds have read its silver; the last of them is run ${builtBy}`,
      undefined,
      builtBy,
    ),
  ]
}

/** The editions of a committed build, and what became of each. */
export async function builtSaid({ ledger }: WhyEffects, run: Run): Promise<Said[]> {
  if (run.kind !== 'build' || run.state !== 'COMMITTED' || run.unchanged) return []
  const domains = (run.domains ?? []) as string[]
  return Promise.all(domains.map((domain) => publishedSaid(ledger, domain, run)))
}

async function publishedSaid(ledger: LedgerReader, domain: string, run: Run): Promise<Said> {
  const [heard, pointer] = await Promise.all([
    ledger.get(publishEntryKey(domain, run.runId)),
    ledger.get(goldPointerKey(domain)),
  ])
  const edition = `edition ${run.edition} of ${domain}`
  const waived = waiverOf(run)
  if (pointer?.edition === run.edition)
    return say(`${edition} was published and is the current one${waived}`, pointer?.publishedAt, domain)
  if (!heard)
    return say(
      `${edition} is built, and there is no record of its publication yet${waived}`,
      run.endedAt,
      domain,
    )
  const after = pointer ? `; ${pointer.edition} is current` : ''
  if (heard.heldBy)
    return say(
      `${edition} was not published: its build began before a rollback that held${after}`,
      heard.at,
      domain,
    )
  return heard.current
    ? say(`${edition} was published${waived}${after}`, heard.at, domain)
    : say(`${edition} was not published: a newer one was there already${after}`, heard.at, domain)
}
