import { type Cell, count, plain, time } from './render.js'
import type { InputView, RunView } from './run-view.js'

/** As many deliveries as a page names. */
const DELIVERIES_SHOWN = 3

/** Which delivery a run goes back to, or which ones. */
export function deliveryText(run: RunView): string | undefined {
  const { correlationId, correlationIds, correlationCount = 0 } = run
  if (!correlationId) return undefined
  if (!correlationIds) return `  delivery: ${plain(correlationId)}\n`
  const shown = correlationIds.slice(0, DELIVERIES_SHOWN)
  const rest = Math.max(correlationCount, correlationIds.length) - shown.length
  const more =
    rest > 0 ? `    … and ${count(rest)} more: --json shows ${namedIn(correlationIds, rest)}\n` : ''
  const lines = shown.map((id) => `    ${plain(id)}\n`).join('')
  return `  deliveries (${count(correlationCount)}):\n${lines}${more}`
}

/** The API names as many as it does; of a large batch that is not all. */
const namedIn = (ids: string[], rest: number) =>
  ids.length - DELIVERIES_SHOWN >= rest ? 'them' : `the first ${count(ids.length)}`

/** What people did about a run. */
export function personText({ waiver, putBack, into }: RunView): string | undefined {
  const reason = putBack?.why ? `: ${putBack.why}` : ''
  const lines = [
    waiver && `  let through its gate by ${plain(`${waiver.by}: ${waiver.why}`)}\n`,
    putBack && `  put back (${putBack.as}) at ${time(putBack.at)} by ${plain(`${putBack.by}${reason}`)}\n`,
    into && `  its inputs went into run ${into}\n`,
  ]
  return lines.filter(Boolean).join('') || undefined
}

/** What a run took, as a table: only files have a size. */
export function inputTable(inputs: InputView[] | undefined): [header: string[], rows: Cell[][] | undefined] {
  if (inputs?.some(({ bytes }) => bytes !== undefined))
    return [['input', 'bytes'], inputs.map((input) => [inputName(input), input.bytes])]
  return [['input'], inputs?.map((input) => [inputName(input)])]
}

function inputName(input: InputView): string | undefined {
  const { key, selector, forget, column, rejectedOf, syncId, source, requestId } = input
  if (key ?? selector) return key ?? selector
  if (forget) return `deletion request ${forget}, of a subject known by ${column}`
  if (rejectedOf) return `the rejected rows of run ${rejectedOf}`
  if (syncId) return `sync ${syncId} of ${source}`
  return requestId && `request ${requestId}`
}
