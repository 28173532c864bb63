import { laneReading } from '../../../../shared/declared.js'
import type { LedgerReader } from '../../../../shared/ledger.js'
import { type Run, runKey } from '../../../../shared/run.js'
import { brief, followed, waiverOf } from './follow.js'
import { inputsSaid } from './inputs.js'
import { arrival, waiting } from './lane.js'
import { counted, type Said, say, type WhyEffects } from './said.js'
import { builtSaid, silverSaid } from './went.js'

/** A run: what it took, what became of each attempt, where it is, what it waits for. */
export async function runSaid(effects: WhyEffects, run: Run): Promise<Said[]> {
  const { ledger } = effects
  const made = say(
    `run ${run.runId}, a ${run.kind} of ${run.subject}, was made in lane ${run.lane}`,
    run.createdAt,
  )
  const took = await inputsSaid(ledger, run)
  return [made, ...took, ...past(run), ...(await now(effects, run))]
}

type Step = { at: string; state: string; attempt?: number; reason?: string }
type Failure = { attempt: number; failureClass: string; reason: string; at: string }

/** What happened to a run, by time: its steps, and why its attempts failed. */
export function past(run: Run): Said[] {
  const steps = (run.history ?? []) as unknown as Step[]
  const failures = (run.failures ?? []) as unknown as Failure[]
  const failed = failures.map(({ attempt, failureClass, reason, at }) =>
    say(`attempt ${attempt} failed (${failureClass}): ${reason}`, at),
  )
  const said = [...steps.flatMap((step) => stepSaid(run, step)), ...failed]
  return said.sort((a, b) => (String(a.at) < String(b.at) ? -1 : Number(String(a.at) > String(b.at))))
}

function stepSaid(run: Run, { at, state, attempt, reason }: Step): Said[] {
  const words: Record<string, string | undefined> = {
    RUNNING: attempt === undefined ? undefined : `attempt ${attempt} was begun`,
    COMMITTING: `its report passed the gate${waiverOf(run)}`,
    COMMITTED: run.unchanged ? `it ended without a job: ${run.unchanged}` : 'it was committed',
    PARKED: `${run.gate === 'failed' ? 'its gate held it back' : 'it was parked'}: ${reason ?? run.reason ?? ''}`,
    REPLAYED: `it was put back into its lane${byOf(run.replayedBy)}`,
  }
  const what = words[state]
  return what ? [say(what, at)] : []
}

const byOf = (by: unknown) => (typeof by === 'string' ? ` by ${by}` : '')

/** Where a run is now, and what it waits for. */
export async function now(effects: WhyEffects, run: Run): Promise<Said[]> {
  if (run.state === 'COMMITTED') return committed(effects, run)
  if (run.state === 'REPLAYED') return replayed(effects, run)
  if (run.state === 'PARKED') return [say(asked(run), undefined, run.runId)]
  return [say(live(run), run.job ? run.startedAt : undefined)]
}

function live(run: Run): string {
  const late = run.dueAt ? `; unless it moves before, the reconciler looks after it from ${run.dueAt} on` : ''
  if (run.state === 'FILLING') return `it is taking what waits in its lane${late}`
  if (run.state === 'READY') return `it is ready, and attempt ${run.attempt + 1} has not begun${late}`
  if (run.state === 'COMMITTING') return `its results are being made final${late}`
  return run.job
    ? `attempt ${run.attempt} runs on ${run.engine} as ${run.job} since then, as far as the ledger knows`
    : `the start of attempt ${run.attempt} was decided, and the ledger knows no job of it yet${late}`
}

/** What a person may do about a parked run. */
function asked({ runId, gate }: Run): string {
  const again = `npx sluice retry ${runId} puts it back into its lane`
  const approve = gate === 'failed' ? `; npx sluice approve ${runId} --why "..." lets it through` : ''
  return `it waits for a person: ${again}${approve}`
}

async function replayed({ ledger }: WhyEffects, run: Run): Promise<Said[]> {
  if (!run.into) return waiting(ledger, run.lane, runKey(run.runId).PK)
  const last = (await followed(ledger, run.into)).at(-1)
  return [
    say(
      `run ${run.into} took it; ${last ? brief(last) : 'the ledger does not know that run'}`,
      undefined,
      run.into,
    ),
  ]
}

async function committed(effects: WhyEffects, run: Run): Promise<Said[]> {
  if (run.unchanged) return []
  if (run.kind === 'build') return builtSaid(effects, run)
  const rows = rowsOf(run)
  const rejected = await rejectedSaid(effects.ledger, run)
  const reading = laneReading(effects.project, run.subject)
  return [
    ...(rows ? [say(rows, run.endedAt)] : []),
    ...rejected,
    ...(await silverSaid(effects, run, reading)),
  ]
}

type Rows = { in: number; out: number; duplicates: number; rejected: number }

/** The rows of a cleanse in one sentence, or nothing before its report. */
export function rowsOf(run: Run): string | undefined {
  const rows = run.rows as Rows | undefined
  return (
    rows &&
    `of ${counted(rows.in, 'row')} that run ${run.runId} read, ${rows.out} went to silver, ${rows.duplicates} were duplicates, ${rows.rejected} were rejected`
  )
}

/** What became of the rejected rows of a committed run. */
async function rejectedSaid(ledger: LedgerReader, run: Run): Promise<Said[]> {
  const rejected = (run.rows as Rows | undefined)?.rejected ?? 0
  if (rejected === 0) return []
  const { runId } = run
  const entry = await ledger.get({ PK: `ENTRY#${run.lane}#rejected:${runId}`, SK: 'META' })
  if (!entry)
    return [
      say(`its ${counted(rejected, 'rejected row')} rest in quarantine: npx sluice quarantine show ${runId}`),
    ]
  const back = say('its rejected rows were put back into its lane', arrival(entry.waitSk))
  if (!entry.run) return [back, ...(await waiting(ledger, run.lane, entry.PK))]
  const last = (await followed(ledger, entry.run)).at(-1)
  return [back, say(`run ${entry.run} took them${last ? `; ${brief(last)}` : ''}`, undefined, entry.run)]
}
