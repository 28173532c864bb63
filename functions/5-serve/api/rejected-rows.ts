import type { Declared, Entity } from '../../../shared/declared.js'
import type { Item, LedgerReader } from '../../../shared/ledger.js'
import { linesOf, type ReadRange } from '../../../shared/lines.js'
import { type Run, runKey } from '../../../shared/run.js'
import { encodeNext } from './paging.js'

/**
 * Once it has read this much, an answer ends; the last read may be as long again. A line holds a rejected row of up to
 * 1 MiB, escaped as JSON, so each fits.
 */
const BYTES_MAX = 8 * 1_024 * 1_024
const RANGE_BYTES = 256 * 1_024
/** As much of a rejected row's text as one answer shows. */
const TEXT_CHARACTERS_MAX = 2_000

export interface RejectedEffects {
  ledger: LedgerReader
  project: Pick<Declared, 'entities'>
  /** Reads the quarantine bucket. */
  readRejected: ReadRange
}

export interface RejectedQuery {
  limit: number
  reason?: string | undefined
  /** Where the page before stopped: the file's place in the run's list, and the offset in it. */
  next?: { place: number; offset: number } | undefined
}

type Stored = { reason: string; key: string; rows: number }

/** The rejected rows of a run, by reason and in the order of their files: one page. Nothing when there is no such run. */
export async function rejectedRows(
  { ledger, project, readRejected }: RejectedEffects,
  runId: string,
  query: RejectedQuery,
) {
  const run = (await ledger.get(runKey(runId))) as Run | undefined
  if (!run) return undefined
  const files = (run.quarantine ?? []) as Stored[]
  const rows: ReturnType<typeof shown>[] = []
  const missing: string[] = []
  let { place, offset } = query.next ?? { place: 0, offset: 0 }
  let read = 0
  while (place < files.length && rows.length < query.limit && read < BYTES_MAX) {
    const file = files[place] as Stored
    if (query.reason && file.reason !== query.reason) {
      place += 1
      offset = 0
      continue
    }
    const bounds = { lines: query.limit - rows.length, bytes: BYTES_MAX, rangeBytes: RANGE_BYTES }
    const page = await linesOf(readRejected, file.key, offset, bounds)
    if (!page) missing.push(file.key)
    rows.push(...(page?.lines ?? []).map(({ text }) => shown(text, project.entities[run.subject])))
    const end = page?.lines.at(-1)?.end ?? offset
    read += end - offset
    ;[place, offset] = page && !page.ended ? [place, end] : [place + 1, 0]
  }
  const next =
    place < files.length && more(files, place, query.reason) ? JSON.stringify({ place, offset }) : undefined
  return { ...summary(run), rows, missing, next: encodeNext(next) }
}

const more = (files: Stored[], from: number, reason: string | undefined) =>
  files.slice(from).some((file) => !reason || file.reason === reason)

function summary(run: Run) {
  return {
    runId: run.runId,
    entity: run.subject,
    state: run.state,
    rejected: (run.rows as { rejected?: number } | undefined)?.rejected ?? 0,
    reasons: (run.reasons ?? {}) as Record<string, number>,
  }
}

/** A line of the quarantine as the API shows it; one that is no JSON object is shown as text. */
function shown(line: string, entity: Entity | undefined) {
  const row = parsed(line)
  const whole = typeof row.raw === 'string' ? row.raw : row.raw === undefined ? line : JSON.stringify(row.raw)
  const text = entity?.classified ? withheld(whole, entity, entity.classified) : whole
  return {
    reason: row.reason ?? null,
    reasons: row.reasons ?? [],
    detail: row.detail ?? null,
    file: row.source_file ?? null,
    version: row.source_version ?? null,
    line: row.line ?? null,
    text: row.raw === null ? null : text.slice(0, TEXT_CHARACTERS_MAX),
    cut: text.length > TEXT_CHARACTERS_MAX,
  }
}

/**
 * The text of a row that may tell of a person: of its members only those that the contract has and leaves open, and of a
 * text that is no JSON object nothing. Nobody has said what the others hold.
 */
function withheld(text: string, entity: Entity, classified: Record<string, string>): string {
  const open = new Set(
    entity.columns.map(({ name }) => name).filter((name) => !Object.hasOwn(classified, name)),
  )
  const members = Object.entries(parsed(text))
  if (members.length === 0) return MASK
  return JSON.stringify(
    Object.fromEntries(
      members.map(([name, value]) => [name, value === null || open.has(name) ? value : MASK]),
    ),
  )
}
/** As in silver, see jobs/cleanse/masks.py. */
const MASK = '***'

function parsed(line: string): Partial<Item> {
  try {
    const content = JSON.parse(line)
    return content !== null && typeof content === 'object' ? content : {}
  } catch {
    return {}
  }
}
