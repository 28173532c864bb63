import type { Item, LedgerReader } from '../../../../shared/ledger.js'
import { type Run, runKey } from '../../../../shared/run.js'
import { number as count, entries, type Said, say } from './said.js'

const COUNTED_MAX = 1_000
/** As many entries as an answer names. */
const NAMED_MAX = 5

/** What a run took out of its lane: how many entries, and the first of them by name. */
export async function inputsSaid(ledger: LedgerReader, run: Run): Promise<Said[]> {
  const page = await ledger.query(runKey(run.runId).PK, { prefix: 'IN#', limit: COUNTED_MAX })
  const { items } = page
  if (items.length === 0) return []
  const more = page.next !== undefined
  const number = entries(items.length, more)
  const rest = items.length - NAMED_MAX
  const others = rest > 0 ? `, and ${count(rest)}${more ? ' or more' : ''} others` : ''
  return [
    say(
      `it took ${number} out of its lane${others ? `: ${NAMED_MAX} are named here${others}` : ''}`,
      run.createdAt,
    ),
    ...items.slice(0, NAMED_MAX).map(named),
  ]
}

/** One entry by what its owner is: a landed file, new silver, a run or rows that were put back. */
function named({ SK, input }: Item): Said {
  const owner = SK.slice('IN#'.length)
  const content = (input ?? {}) as Record<string, unknown>
  if (owner.startsWith('FILE#')) {
    const what = `it took version ${content.versionId} of ${content.key}, landed then`
    return say(what, content.landedAt, owner.slice('FILE#'.length))
  }
  if (owner.startsWith('RUN#'))
    return say(`it took what run ${content.run} had taken`, undefined, content.run)
  if (content.rejectedOf)
    return say(`it took the rejected rows of run ${content.rejectedOf}`, undefined, content.rejectedOf)
  if (content.silverRun) {
    const what = `it took ${content.selector}, for the silver of run ${content.silverRun}`
    return say(what, undefined, content.silverRun)
  }
  if (content.syncId) {
    const number = content.news === undefined ? '' : `, number ${content.news} of that source`
    return say(`it took a finished sync of ${content.source}${number}`, undefined, content.syncId)
  }
  if (content.forget)
    return say(`it took deletion request ${content.forget}, of a subject known by ${content.column}`)
  if (content.requestId) return say(`it took the request ${content.requestId}${windowSaid(content.window)}`)
  return say(`it took ${owner}`)
}

const windowSaid = (window: unknown) => {
  const { from, to } = (window ?? {}) as { from?: string; to?: string }
  return from ? ` for the days from ${from} until before ${to}` : ''
}
