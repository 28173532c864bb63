import * as z from 'zod'
import { type Detail, type Outgoing, SchemaChanged } from '../../events/catalog.js'
import { carried } from '../correlation.js'
import type { Run } from '../run.js'

const count = z.number().int().min(0)

/** A column that most of a file, or of the batch where `file` is null, breaks (jobs/cleanse/schema_change.py). */
const schemaChange = z.object({
  file: z.string().nullable(),
  column: z.string(),
  /** `removed`: every readable row lacks it. `retyped`: more than half of them hold something else. */
  change: z.enum(['removed', 'retyped']),
  expected: z.string(),
  rows: count,
  of: count,
  /** What stands there in one row, such as `text "n/a"`; of personal data only what kind of value it is. */
  seen: z.string().nullable(),
})
export const schemaChanges = z.array(schemaChange).default([])
export type SchemaChange = z.infer<typeof schemaChange>

/** So many readable rows of a file prove something about its source; a small file may simply be a bad one. */
const FILE_ROWS_MIN = 10
/** A batch in which everything has changed is small where little lands. */
const BATCH_ROWS_MIN = 3
/** As many changed columns as a reason spells out, and as a run and an event hold. */
const SAID_MAX = 3
const SHOWN_MAX = 20

/** The changes that hold a batch: those that enough rows prove, each column once, where it is seen most widely. */
export function provenChanges(changes: readonly SchemaChange[]): SchemaChange[] {
  const proven = changes.filter(({ file, of }) => of >= (file === null ? BATCH_ROWS_MIN : FILE_ROWS_MIN))
  const places = new Map(
    proven.map((one, place) => [`${one.change} ${one.column}`, place] as const).reverse(),
  )
  return [...places.values()]
    .sort((a, b) => a - b)
    .slice(0, SHOWN_MAX)
    .map((place) => proven[place] as SchemaChange)
}

/** The difference between contract and data in words: column, expected type, what was seen, and where. */
export function changesSaid(changes: readonly SchemaChange[]): string {
  const said = changes.slice(0, SAID_MAX).map(({ file, column, change, expected, rows, of, seen }) => {
    const where = `${rows} of ${of} rows of ${file ?? 'the batch'}`
    return change === 'removed'
      ? `${column} (${expected}, required) is missing in ${where}`
      : `${column} is no ${expected} in ${where}${seen ? `, such as ${seen}` : ''}`
  })
  const more = changes.length > SAID_MAX ? [`${changes.length - SAID_MAX} more`] : []
  return `the schema changed: ${[...said, ...more].join('; ')}`
}

/** What a run tells of the schema of what it read: the changes that held it, or the columns that it saw first. */
export function schemaEvents(run: Run): Outgoing[] {
  const held = (run.schemaHeld ?? []) as unknown as SchemaChange[]
  const added = (run.schemaAdded ?? []) as string[]
  const of = (change: Detail<typeof SchemaChanged>['change'], columns: Column[]): Outgoing[] =>
    columns.length === 0 ? [] : [{ name: SchemaChanged.name, detail: detail(run, change, columns) }]
  const changed = (change: SchemaChange['change']) => held.filter((one) => one.change === change)
  return [
    ...of(
      'added',
      added.map((name) => ({ name })),
    ),
    ...of(
      'removed',
      changed('removed').map(({ column, expected }) => ({ name: column, was: expected })),
    ),
    ...of(
      'retyped',
      changed('retyped').map(({ column, expected, seen }) => ({
        name: column,
        was: expected,
        ...(seen && { is: seen }),
      })),
    ),
  ]
}

type Column = Detail<typeof SchemaChanged>['columns'][number]

const detail = (run: Run, change: Detail<typeof SchemaChanged>['change'], columns: Column[]) => ({
  entity: run.subject,
  runId: run.runId,
  change,
  columns,
  ...(run.schemaVersion ? { version: String(run.schemaVersion) } : {}),
  ...carried(run),
})
