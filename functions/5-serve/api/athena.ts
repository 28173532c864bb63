import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena'
import { BadInput, TransientError } from '../../../shared/errors.js'
import type { GoldRows, Page } from './gold.js'
import type { Statement } from './statement.js'

/** A query has this long before the API gives up on it: HTTP APIs end at 30 s. */
const QUERY_MILLISECONDS_MAX = 24_000
const POLL_MILLISECONDS = { first: 25, longest: 1_000 }

/** A query that Athena has not answered in the time that an answer may take. */
export class TooSlow extends TransientError {
  override readonly name = 'TooSlow'
  override readonly message =
    `Athena did not answer within ${QUERY_MILLISECONDS_MAX} ms: ask for less, or ask Athena itself`
}

/** Rows of gold through Athena. A further page reads the stored result of the first query, so it never mixes editions. */
export function athenaRows(database: string, workgroup: string, client = new AthenaClient({})): GoldRows {
  return {
    async start(statement, limit) {
      const queryId = await run(client, database, workgroup, statement)
      // The first page of a result carries the column names as its first row.
      const page = await read(client, queryId, limit + 1)
      return { ...page, rows: page.rows.slice(1) }
    },
    continue: ({ queryId, token }, limit) => read(client, queryId, limit, token).catch(gone),
  }
}

/** Athena forgets a result after a while, and a mark of another query is none. */
function gone(error: unknown): never {
  if (!(error instanceof Error) || error.name !== 'InvalidRequestException') throw error
  throw new BadInput('this query cannot be answered', ['next: this result is gone, ask again without it'])
}

async function run(
  client: AthenaClient,
  Database: string,
  WorkGroup: string,
  { sql, parameters }: Statement,
) {
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      QueryExecutionContext: { Database },
      WorkGroup,
      ...(parameters.length > 0 && { ExecutionParameters: parameters }),
    }),
  )
  const until = performance.now() + QUERY_MILLISECONDS_MAX
  let wait = POLL_MILLISECONDS.first
  while (performance.now() < until) {
    const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }))
    const status = QueryExecution?.Status
    if (status?.State === 'SUCCEEDED') return String(QueryExecutionId)
    if (status?.State === 'FAILED' || status?.State === 'CANCELLED') {
      throw new Error(`Athena ${status.State}: ${status.StateChangeReason ?? 'no reason given'}`)
    }
    await new Promise((resolve) => setTimeout(resolve, wait))
    wait = Math.min(2 * wait, POLL_MILLISECONDS.longest)
  }
  throw new TooSlow()
}

async function read(
  client: AthenaClient,
  queryId: string,
  MaxResults: number,
  NextToken?: string,
): Promise<Page> {
  const answer = await client.send(
    new GetQueryResultsCommand({ QueryExecutionId: queryId, MaxResults, NextToken }),
  )
  const rows = (answer.ResultSet?.Rows ?? []).map(({ Data }) =>
    (Data ?? []).map((cell) => cell.VarCharValue ?? null),
  )
  return { rows, ...(answer.NextToken && { next: { queryId, token: answer.NextToken } }) }
}
