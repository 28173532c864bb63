import { NotFoundError } from '@aws-lambda-powertools/event-handler/http'
import type * as z from 'zod'
import { type Outgoing, ReplayRequested, RetryRequested, RunApproved } from '../../../events/catalog.js'
import { type Declared, feedOf, strayReason } from '../../../shared/declared.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { type Run, runKey } from '../../../shared/run.js'
import { type approveBody, Conflict, type replayBody, type retryBody } from './bodies.js'

export interface CommandEffects {
  ledger: Pick<LedgerReader, 'get'>
  project: Declared
  /** Puts one event on the bus and gives the id that EventBridge gave it. */
  request(event: Outgoing): Promise<string>
}

/**
 * The commands of a person. Each looks at the ledger, refuses what cannot be done, and else asks for it with one event;
 * the stage that acts looks again. The answer names the event, under which `GET /why` tells what became of it.
 */
export async function retry(effects: CommandEffects, runId: string, body: z.infer<typeof retryBody>) {
  const run = await parkedRun(effects, runId)
  const { by, why } = body
  const detail = { runId: run.runId, by, ...(why && { why }) }
  return accepted(effects, { name: RetryRequested.name, detail })
}

/** Asks to let a run through that its gate held back. */
export async function approve(effects: CommandEffects, runId: string, body: z.infer<typeof approveBody>) {
  const run = await parkedRun(effects, runId)
  if (run.gate !== 'failed') {
    throw new Conflict(
      `run ${runId} was not held at its gate (gate: ${run.gate ?? 'not reached'}): there is nothing to let through; retry it`,
    )
  }
  if (!addsUp(run))
    throw new Conflict(`the rows of run ${runId} do not add up: no approval lets it through, see its reason`)
  return accepted(effects, { name: RunApproved.name, detail: { runId: run.runId, ...body } })
}

/** Asks to put rejected rows, or a file whose source is declared by now, back into their lane. */
export async function replay(effects: CommandEffects, body: z.infer<typeof replayBody>) {
  const { runId, fileId } = body
  if (runId !== undefined) await rejectedRun(effects, runId)
  if (fileId !== undefined) await quarantinedFile(effects, fileId)
  const subject = runId === undefined ? { fileId } : { runId }
  return accepted(effects, { name: ReplayRequested.name, detail: { ...subject, by: body.by } } as Outgoing)
}

/** Puts the event of a command and answers how to follow it. */
export async function accepted({ request }: CommandEffects, event: Outgoing) {
  const eventId = await request(event)
  const follow = `npx sluice why ${eventId}`
  const body = { eventId, event: event.name, ...event.detail, follow }
  const headers = { 'content-type': 'application/json' }
  return new Response(JSON.stringify(body), { status: 202, headers })
}

async function knownRun({ ledger }: CommandEffects, runId: string): Promise<Run> {
  const known = /^[0-9a-z]{26}$/.test(runId) ? await ledger.get(runKey(runId)) : undefined
  if (!known) throw new NotFoundError(`there is no run "${runId}"; GET /runs lists them`)
  return known as Run
}

async function parkedRun(effects: CommandEffects, runId: string): Promise<Run> {
  const run = await knownRun(effects, runId)
  if (run.state !== 'PARKED')
    throw new Conflict(`run ${runId} is not PARKED: it is ${run.state}${whereTo(run)}`)
  return run
}

const whereTo = ({ state, into }: Run) =>
  state === 'REPLAYED' ? (into ? `, put back into run ${into}` : ', and waits in its lane') : ''

/** A waiver lets rejected rows pass, never rows that nobody can account for. */
function addsUp(run: Run): boolean {
  if (run.kind !== 'cleanse') return true
  const rows = run.rows as { in: number; out: number; duplicates: number; rejected: number } | undefined
  return rows !== undefined && rows.in === rows.out + rows.duplicates + rows.rejected
}

async function rejectedRun(effects: CommandEffects, runId: string): Promise<void> {
  const run = await knownRun(effects, runId)
  const rejected = (run.rows as { rejected?: number } | undefined)?.rejected ?? 0
  if (run.kind !== 'cleanse') throw new Conflict(`run ${runId} is a ${run.kind}: it rejects no rows`)
  if (run.state === 'PARKED')
    throw new Conflict(`run ${runId} is PARKED: none of its rows is in silver; retry puts all of them back`)
  if (run.state !== 'COMMITTED') throw new Conflict(`run ${runId} is ${run.state}${whereTo(run)}`)
  if (rejected === 0) throw new Conflict(`run ${runId} rejected no row`)
  if (!run.quarantinedPk) throw new Conflict(`the rejected rows of run ${runId} were put back already`)
}

async function quarantinedFile({ ledger, project }: CommandEffects, fileId: string): Promise<void> {
  const file = await ledger.get({ PK: `FILE#${fileId}`, SK: 'META' })
  if (!file)
    throw new NotFoundError(`there is no file "${fileId}"; GET /quarantine lists those in quarantine`)
  if (!file.quarantinedPk) {
    const where = file.lane ? `: it joined ${file.lane}` : ''
    throw new Conflict(`the file ${file.key} is not in quarantine${where}`)
  }
  const key = String(file.key)
  if (!feedOf(project, key)) throw new Conflict(`nobody takes ${key} yet: ${strayReason(project, key)}`)
}
