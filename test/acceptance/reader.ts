import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena'
import type { Row } from './chain.js'
import { until } from './poll.js'

/** Reads again and again from its making on, and keeps every answer. */
export class Reader {
  private readonly seen: Row[][] = []
  /** How long each read took. */
  private readonly seconds: number[] = []
  private isOver = false
  private readonly reading: Promise<void>

  constructor(read: () => Promise<Row[]>) {
    this.reading = this.poll(read)
    // Whoever ends the reading hears of it.
    this.reading.catch(() => undefined)
  }

  private async poll(read: () => Promise<Row[]>): Promise<void> {
    while (!this.isOver) {
      const begun = performance.now()
      this.seen.push(await read())
      this.seconds.push((performance.now() - begun) / 1_000)
    }
  }

  /** The time that half of the reads took at most, in seconds: what this machine is good for just now. */
  get usual(): number {
    return this.seconds.toSorted((a, b) => a - b)[this.seconds.length >> 1] ?? 0
  }

  /** Every answer so far. Throws when one of them was an error. */
  async end(): Promise<Row[][]> {
    this.isOver = true
    await this.reading
    return this.seen
  }
}

const QUERY_SECONDS_MAX = 30

/** The rows of one statement on the published tables, as an analyst asks for them. */
export async function athena(QueryString: string): Promise<Row[]> {
  const client = new AthenaClient({})
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({
      QueryString,
      QueryExecutionContext: { Database: 'sluice_local_gold' },
      WorkGroup: 'sluice-local-queries',
    }),
  )
  await until(
    'the query has ended',
    async () => {
      const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }))
      const { State, StateChangeReason } = QueryExecution?.Status ?? {}
      if (State === 'FAILED' || State === 'CANCELLED')
        throw new Error(`Athena ${State}: ${StateChangeReason}`)
      return State === 'SUCCEEDED'
    },
    { seconds: QUERY_SECONDS_MAX },
  )
  const rows: Row[] = []
  let names: string[] | undefined
  let NextToken: string | undefined
  do {
    const page = await client.send(new GetQueryResultsCommand({ QueryExecutionId, NextToken }))
    for (const { Data } of page.ResultSet?.Rows ?? []) {
      const values = (Data ?? []).map(({ VarCharValue }) => VarCharValue ?? null)
      if (names === undefined) names = values.map(String)
      else rows.push(Object.fromEntries(names.map((name, place) => [name, values[place] ?? null])))
    }
    NextToken = page.NextToken
  } while (NextToken)
  return rows
}
