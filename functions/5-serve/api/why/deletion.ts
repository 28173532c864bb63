import { requestOf } from '../../../../shared/forget.js'
import type { Run } from '../../../../shared/run.js'
import { counted, number, type Said, say } from './said.js'

const KINDS = {
  cleanse: 'a cleanse',
  build: 'a build',
  extract: 'an extraction',
  compact: 'a compaction',
} as const

/** What a run is: a deletion goes through the lane of a cleanse, and cleanses nothing. */
export function kindOf(run: Run): string {
  const asked = requestOf(run)
  if (!asked) return KINDS[run.kind]
  return asked.dryRun ? 'a dry run of a deletion' : 'a deletion'
}

/** What a committed deletion found and removed, or would have removed; nothing of any other run. */
export function deletedSaid(run: Run): Said | undefined {
  const asked = requestOf(run)
  if (!asked) return undefined
  const { found = 0, removed = 0 } = (run.forgotten ?? {}) as { found?: number; removed?: number }
  const rows = `${counted(found, 'row')} of the subject`
  const what = asked.dryRun
    ? `nothing was deleted, as asked: ${rows} would be`
    : `${rows} ${found === 1 ? 'was' : 'were'} found, ${number(removed)} deleted`
  return say(what, run.endedAt)
}
