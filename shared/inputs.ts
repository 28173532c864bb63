import { TerminalError } from './errors.js'
import type { Item, LedgerReader, Value } from './ledger.js'
import { runKey } from './run.js'

const PAGE = 1_000
/** The cleanse job refuses a plan with more. */
const INPUTS_MAX = 10_000
const REPLAYS_MAX = 20

export interface Input {
  owner: string
  /** A file version, a selector, or `rejectedOf`: the rows that a run rejected. */
  input: { [name: string]: Value }
  bytes: number
}

/**
 * What a run took, in no particular order. An input that is itself a run put back into the lane is replaced by that
 * run's inputs. Throws `TerminalError` beyond 10,000 inputs or 20 nested put-backs.
 */
export async function inputsOf(ledger: LedgerReader, runId: string): Promise<Input[]> {
  const inputs: Input[] = []
  const runs = [runId]
  for (let replays = 0; runs.length > 0; replays += 1) {
    if (replays > REPLAYS_MAX)
      throw new TerminalError(`run ${runId} nests more than ${REPLAYS_MAX} put-back runs`)
    for (const item of await inputItems(ledger, runs.shift() as string)) {
      const input = (item.input ?? {}) as Input['input']
      if (typeof input.run === 'string') runs.push(input.run)
      else inputs.push({ owner: item.SK.slice('IN#'.length), input, bytes: Number(item.bytes ?? 0) })
    }
    if (inputs.length > INPUTS_MAX) throw new TerminalError(`run ${runId} has more than ${INPUTS_MAX} inputs`)
  }
  return inputs
}

/** The items of what a run itself took, put-back runs as such. */
export async function inputItems(ledger: LedgerReader, runId: string): Promise<Item[]> {
  const items: Item[] = []
  let after: string | undefined
  do {
    const page = await ledger.query(runKey(runId).PK, { prefix: 'IN#', limit: PAGE, ...(after && { after }) })
    items.push(...page.items)
    after = page.next
  } while (after && items.length <= INPUTS_MAX)
  return items
}
