import { laneReading } from '../../../../shared/declared.js'
import type { Item, LedgerReader } from '../../../../shared/ledger.js'
import { type Failure, POLICIES } from '../../../../shared/policies.js'
import { rejectedKey } from '../../../../shared/put-back.js'
import { type Run, runKey } from '../../../../shared/run.js'
import { deletedSaid, kindOf } from './deletion.js'
import { brief, followed, waiverOf } from './follow.js'
import { inputsSaid } from './inputs.js'
import { waiting } from './lane.js'
import { counted, number, type Said, say, type WhyEffects } from './said.js'
import { builtSaid, silverSaid } from './went.js'

/** A run: what it took, what became of each attempt, where it is, what it waits for. */
export async function runSaid(effects: WhyEffects, run: Run): Promise<Said[]> {
  const { ledger } = effects
  const made = say(
    `run ${run.runId}, ${kindOf(run)} of ${run.subject}, was made in lane ${run.lane}`,
    run.createdAt,
  )
  const took = await inputsSaid(ledger, run)
  const looks = run.looksBecause ? [say(`a container has to look: ${run.looksBecause}`)] : []
  return [made, ...took, ...looks, ...past(run), ...(await now(effects, run))]
}

type Step = { at: string; state: string; attempt?: number; reason?: string }

/** What happened to a run, by time: its steps, and why its attempts failed. */
function past(run: Run): Said[] {
  const steps = (run.history ?? []) as unknown as Step[]
  const failed = (run.failures ?? []).map((failure) => say(failureSaid(failure), failure.at))
  const said = [...steps.flatMap((step) => stepSaid(run, step)), ...failed]
  return said.sort((a, b) => (String(a.at) < String(b.at) ? -1 : Number(String(a.at) > String(b.at))))
}

const failureSaid = ({ attempt, failureClass, reason }: Failure) =>
  `attempt ${attempt} failed as ${failureClass} (${POLICIES[failureClass]?.means ?? 'a class of another version'}): ${reason}`

const idle = ({ attempt }: Run) => (attempt > 0 ? 'it built nothing' : 'it ended without a job')

function stepSaid(run: Run, { at, state, attempt, reason }: Step): Said[] {
  const words: Record<string, string | undefined> = {
    RUNNING: attempt === undefined ? undefined : `attempt ${attempt} was begun`,
    COMMITTING: `its report passed the gate${waiverOf(run)}`,
    COMMITTED: run.unchanged ? `${idle(run)}: ${run.unchanged}` : 'it was committed',
    PARKED: `${run.gate === 'failed' ? 'its gate held it back' : 'it was parked'}: ${reason ?? run.reason ?? ''}`,
    REPLAYED: `it was put back into its lane${askedBy(run)}`,
  }
  const what = words[state]
  return what ? [say(what, at)] : []
}

type PutBack = { as: string; by: string; why?: string } | undefined

/** Who asked to put a run, its rejected rows or a file back. */
export function askedBy(item: Item): string {
  const putBack = item.putBack as unknown as PutBack
  return putBack ? ` (${putBack.as}, asked by ${putBack.by}${putBack.why ? `: ${putBack.why}` : ''})` : ''
}

/** Where a run is now, and what it waits for. */
export async function now(effects: WhyEffects, run: Run): Promise<Said[]> {
  if (run.state === 'COMMITTED') return committed(effects, run)
  if (run.state === 'REPLAYED') return replayed(effects, run)
  if (run.state === 'PARKED') return [say(asked(run), undefined, run.runId)]
  if (run.state === 'READY' && run.waitingSk) return [await tokenSaid(effects.ledger, run.waitingSk)]
  return [say(live(run), run.state === 'RUNNING' && run.job ? run.startedAt : undefined)]
}

function live(run: Run): string {
  const late = run.dueAt ? `; unless it moves before, the reconciler looks after it from ${run.dueAt} on` : ''
  if (run.state === 'FILLING') return `it is taking what waits in its lane${late}`
  const rests = run.notBefore ? `, and rests until ${run.notBefore}` : ''
  if (run.state === 'READY') return `it is ready, and attempt ${run.attempt + 1} has not begun${rests}${late}`
  if (run.state === 'COMMITTING') return `its results are being made final${late}`
  return run.job
    ? `attempt ${run.attempt} runs on ${run.engine} as ${run.job} since then, as far as the ledger knows`
    : `the start of attempt ${run.attempt} was decided, and the ledger knows no job of it yet${late}`
}

/** Runs that wait for Glue (shared/tokens.ts). */
const GLUE_QUEUE_PK = 'WAITING#glue'
const COUNTED_MAX = 1_000

/** How many runs wait for Glue before one: Glue was at its limit of runs at once. */
async function tokenSaid(ledger: LedgerReader, waitingSk: string): Promise<Said> {
  const page = await ledger.query(GLUE_QUEUE_PK, { limit: COUNTED_MAX })
  const before = page.items.filter(({ SK }) => SK < waitingSk).length
  const since = waitingSk.split('#').at(-2)
  if (!page.next && !page.items.some(({ SK }) => SK === waitingSk))
    return say('it waited for Glue, and was woken: its next attempt has not begun', since)
  return say(`it waits for Glue, which was at its limit; ${counted(before, 'run')} came before it`, since)
}

/** What a person may do about a parked run. */
function asked({ runId, gate, failureClass }: Run): string {
  const advice = failureClass ? ` (${POLICIES[failureClass]?.person ?? failureClass})` : ''
  const again = `npx sluice retry ${runId} puts it back into its lane`
  const approve = gate === 'failed' ? `; npx sluice approve ${runId} --why "..." lets it through` : ''
  return `it waits for a person${advice}: ${again}${approve}`
}

async function replayed({ ledger }: WhyEffects, run: Run): Promise<Said[]> {
  if (!run.into) return waiting(ledger, run.lane, runKey(run.runId).PK)
  const last = (await followed(ledger, run.into)).at(-1)
  return [
    say(
      `run ${run.into} took it; ${last ? brief(last, run.into) : 'the ledger does not know that run'}`,
      undefined,
      run.into,
    ),
  ]
}

async function committed(effects: WhyEffects, run: Run): Promise<Said[]> {
  if (run.unchanged) return []
  if (run.kind === 'build') return builtSaid(effects, run)
  if (run.kind === 'extract') return [say(extractedSaid(run), run.endedAt)]
  if (run.kind === 'compact') return [say(compactedSaid(run), run.endedAt)]
  const deleted = deletedSaid(run)
  if (deleted) return [deleted]
  const rows = rowsOf(run)
  const rejected = await rejectedSaid(effects.ledger, run)
  const reading = laneReading(effects.project, run.subject)
  return [
    ...(rows ? [say(rows, run.endedAt)] : []),
    ...columnsSaid(run),
    ...rejected,
    ...(await silverSaid(effects, run, reading)),
  ]
}

/** How many files became how many; the old ones stay for as long as somebody may read them. */
const compactedSaid = ({ files, outputs, days }: Run) =>
  `${counted(Number(files ?? 0), 'file')} of ${counted(Number(days ?? 0), 'day')} became ${number(Number(outputs ?? 0))}, with the same rows; the old ones go after the grace`

/** What an extraction brought; each file then goes its own way. */
function extractedSaid({ engine, job, rows, files, window }: Run): string {
  if (engine === 'dbt-platform') return `run ${job} of the dbt platform ended well`
  const landed = `${counted(Number((rows as Rows | undefined)?.out ?? 0), 'row')} landed in ${counted(Number(files ?? 0), 'file')}`
  return window ? `${landed}; the cursor stays where it was` : `${landed}, and the cursor moved`
}

/** Columns that a run was the first to see, and which no contract declares. */
function columnsSaid({ runId, schemaAdded }: Run): Said[] {
  const names = (schemaAdded ?? []) as string[]
  if (names.length === 0) return []
  return [say(`run ${runId} was the first to see ${names.join(', ')}, which its contract does not declare`)]
}

type Rows = { in: number; out: number; duplicates: number; rejected: number }

/** The rows of a cleanse in one sentence, or nothing before its report. */
function rowsOf(run: Run): string | undefined {
  const rows = run.rows as Rows | undefined
  return (
    rows &&
    `run ${run.runId} read ${counted(rows.in, 'row')}: ${number(rows.out)} went to silver, ${counted(rows.duplicates, 'duplicate')}, ${number(rows.rejected)} rejected`
  )
}

/** What became of the rejected rows of a committed run. */
async function rejectedSaid(ledger: LedgerReader, run: Run): Promise<Said[]> {
  const rejected = (run.rows as Rows | undefined)?.rejected ?? 0
  if (rejected === 0) return []
  const { runId } = run
  const entry = await ledger.get(rejectedKey(run.lane, runId))
  if (!entry)
    return [
      say(
        `${counted(rejected, 'rejected row')} of it ${rejected === 1 ? 'rests' : 'rest'} in quarantine: npx sluice quarantine show ${runId}`,
      ),
    ]
  const back = say(
    `its rejected rows were put back into its lane${askedBy(run)}`,
    (run.putBack as { at?: string } | undefined)?.at,
  )
  if (!entry.run) return [back, ...(await waiting(ledger, run.lane, entry.PK))]
  const last = (await followed(ledger, entry.run)).at(-1)
  return [
    back,
    say(`run ${entry.run} took them${last ? `; ${brief(last, entry.run)}` : ''}`, undefined, entry.run),
  ]
}
