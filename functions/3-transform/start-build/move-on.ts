import { selectorOf } from '../../../shared/build.js'
import type { BuildLane, Declared } from '../../../shared/declared.js'
import { TerminalError } from '../../../shared/errors.js'
import { type Input, inputsOf } from '../../../shared/inputs.js'
import { join, laneName, registerLane, type World } from '../../../shared/lane.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { testedBy, testsOf } from '../../../shared/pending.js'
import type { Run } from '../../../shared/run.js'

interface MoveOnEffects {
  ledger: LedgerReader
  project: Declared
  world: World
}

/**
 * A deployment gave the run's domains other lanes: each of them gets an entry for what this run was to build, before
 * the run ends without a job.
 */
export async function moveOn(
  effects: MoveOnEffects,
  run: Run,
): Promise<{ unchanged: string; moved: string[] }> {
  const { ledger, project, world } = effects
  const domains = run.subject.split('+')
  const heirs = project.lanes.filter((lane) => lane.domains.some((domain) => domains.includes(domain)))
  if (heirs.length === 0)
    throw new TerminalError(`no dbt lane "${run.subject}": this deployment's graph has none of its domains`)
  const inputs = await inputsOf(ledger, run.runId)
  for (const heir of heirs) {
    const lane = laneName('build', heir.lane)
    await registerLane(world, lane)
    for (const [name, input] of inherited(heir, inputs)) {
      const owner = { PK: `ENTRY#${lane}#moved:${run.runId}:${name}`, SK: 'META', ...input }
      await join(world, lane, { owner, input, bytes: 0 })
    }
  }
  const moved = heirs.map(({ lane }) => laneName('build', lane))
  return { unchanged: `its domains are built in ${moved.join(', ')} now`, moved }
}

/** What an heir builds of it, by a name: the entities that it reads, and what was asked of its domains. */
function inherited(heir: BuildLane, inputs: Input[]): [string, Input['input']][] {
  const waited = inputs.map(({ input }) => String(input.entity))
  const entities = heir.entities.filter((entity) => waited.includes(entity))
  const asked = inputs.filter(({ input }) => heir.domains.includes(String(input.domain)))
  const tests = inputs.flatMap(({ input }) => {
    const tested = testedBy(input)
    return (tested && testsOf(tested, heir.domains)) ?? []
  })
  const known = entities.length > 0 || asked.length > 0 || tests.length > 0
  const some = known ? entities : heir.entities.slice(0, 1)
  return [
    ...some.map((entity): [string, Input['input']] => [entity, { selector: selectorOf(entity), entity }]),
    ...asked.map(({ owner, input }): [string, Input['input']] => [
      owner.slice(owner.lastIndexOf('#') + 1),
      input,
    ]),
    ...tests.map((tested): [string, Input['input']] => [
      `tests:${tested.edition}`,
      { mode: 'test', tested: { ...tested } },
    ]),
  ]
}
