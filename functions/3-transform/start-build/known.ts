import { type BuildState, buildState } from '../../../shared/build.js'
import type { BuildLane, Declared } from '../../../shared/declared.js'
import { type Input, inputsOf } from '../../../shared/inputs.js'
import type { World } from '../../../shared/lane.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { isTakenIn, type News, newsOf, silenceOf, whyLook } from '../../../shared/news.js'
import type { Run } from '../../../shared/run.js'
import { type Asked, together } from './asked.js'

interface KnowingEffects {
  ledger: LedgerReader
  world: World
  project: Declared
  settings: { task: { taskDefinition: string } }
}

/** What the ledger knows before a build: what is asked for, and what the last good build has of it. */
export interface Known {
  inputs: Input[]
  asked: Asked
  state: BuildState | undefined
  news: News
  /** Before anything was read, in ms: what a container finds is at least as new. */
  now: number
  /** Why nothing but unread silver is a reason to start a container; nothing where there is another reason. */
  idle?: string
  /** Why a container has to look into a warehouse, where no sync asks for it. */
  looksBecause?: string
}

/** Reads it. What others have told before this is in whatever its container will read. */
export async function knownOf(effects: KnowingEffects, lane: BuildLane, run: Run): Promise<Known> {
  const { ledger, world, project, settings } = effects
  const now = world.clock.now()
  const news = await newsOf(ledger, project, lane)
  const state = await buildState(ledger, run.lane)
  const inputs = await inputsOf(ledger, run.runId)
  const made = state && isBuiltBy(settings.task, state) ? state : undefined
  // A build that began after a sync has what it brought: its models need not be asked for once more.
  const open = inputs.filter(({ input }) => !isTakenIn(made, input))
  const asked = together(open.length > 0 ? open : inputs, lane.domains)
  const known = { inputs, asked, state, news, now }
  if (made && open.length === 0) return { ...known, idle: mergedInto(made) }
  const looksBecause = asked.looks ? whyLook(project, lane, { state, news, now }) : undefined
  if (looksBecause) return { ...known, looksBecause }
  if (!made || asked.regardless) return known
  return { ...known, idle: `${NOTHING_NEW}${asked.looks ? silenceOf(project, lane, made) : ''}` }
}

const NOTHING_NEW = 'nothing new since the last good build'

const mergedInto = ({ lookedBy }: BuildState) =>
  `run ${lookedBy} began after these syncs had come, and has taken in what they brought`

/** Whether the image that would build now has made the lane, or has found that there is nothing to make. */
const isBuiltBy = ({ taskDefinition }: { taskDefinition: string }, state: BuildState) =>
  state.taskDefinition === undefined || state.taskDefinition === taskDefinition
