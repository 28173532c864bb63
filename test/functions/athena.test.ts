import type { AthenaClient } from '@aws-sdk/client-athena'
import { expect, test } from 'vitest'
import { athenaRows } from '../../functions/5-serve/api/athena.js'
import { fakeClient } from '../fakes/aws-client.js'

const row = (...cells: (string | undefined)[]) => ({ Data: cells.map((VarCharValue) => ({ VarCharValue })) })
const STATEMENT = { sql: 'SELECT "a", "b" FROM "t" WHERE "a" = CAST(? AS varchar)', parameters: ["'1'"] }

function querying(states: string[], NextToken?: string) {
  const left = [...states]
  const { client, calls } = fakeClient<AthenaClient>({
    StartQueryExecutionCommand: () => ({ QueryExecutionId: 'q1' }),
    GetQueryExecutionCommand: () => ({
      QueryExecution: { Status: { State: left.shift(), StateChangeReason: 'TABLE_NOT_FOUND' } },
    }),
    GetQueryResultsCommand: ({ NextToken: from }: { NextToken?: string }) => ({
      ResultSet: { Rows: from ? [row('3', '4')] : [row('a', 'b'), row('1', undefined)] },
      ...(NextToken && { NextToken }),
    }),
  })
  return { rows: athenaRows('gold', 'workgroup', client), calls }
}

test('a query waits for its end, and its first page leaves out the header', async () => {
  const { rows, calls } = querying(['QUEUED', 'RUNNING', 'SUCCEEDED'], 'more')
  expect(await rows.start(STATEMENT, 50)).toEqual({
    rows: [['1', null]],
    next: { queryId: 'q1', token: 'more' },
  })
  expect(calls[0]?.input).toMatchObject({
    QueryString: STATEMENT.sql,
    ExecutionParameters: ["'1'"],
    WorkGroup: 'workgroup',
    QueryExecutionContext: { Database: 'gold' },
  })
})

test('a further page reads the stored result and keeps its first row', async () => {
  const { rows, calls } = querying([])
  expect(await rows.continue({ queryId: 'q1', token: 'more' }, 50)).toEqual({ rows: [['3', '4']] })
  expect(calls.map(({ name }) => name)).toEqual(['GetQueryResultsCommand'])
})

test.each(['FAILED', 'CANCELLED'])('a query that %s is thrown with its reason', async (state) => {
  await expect(querying([state]).rows.start(STATEMENT, 50)).rejects.toThrow(
    `Athena ${state}: TABLE_NOT_FOUND`,
  )
})

test('a query without parameters sends none: Athena refuses an empty list', async () => {
  const { rows, calls } = querying(['SUCCEEDED'])
  await rows.start({ sql: 'SELECT 1', parameters: [] }, 1)
  expect(calls[0]?.input).not.toHaveProperty('ExecutionParameters')
})
