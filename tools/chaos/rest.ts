import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'

// biome-ignore lint/suspicious/noExplicitAny: items of every kind, as they lie in the table.
export type Item = Record<string, any>

const LIVE = ['FILLING', 'READY', 'RUNNING', 'COMMITTING']
const RECONCILE_SECONDS = 60
const LOOK_SECONDS = 5
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000))

/** Every item of the ledger whose partition key starts so; each without a prefix. */
export async function wholeLedger(prefix = ''): Promise<Item[]> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}))
  const items: Item[] = []
  let ExclusiveStartKey: Item | undefined
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: process.env.SLUICE_LEDGER_TABLE,
        ...(prefix && {
          FilterExpression: 'begins_with(PK, :prefix)',
          ExpressionAttributeValues: { ':prefix': prefix },
        }),
        ConsistentRead: true,
        ExclusiveStartKey,
      }),
    )
    items.push(...(page.Items ?? []))
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey)
  return items
}

export const runsOf = (items: Item[]): Item[] =>
  items.filter(({ PK, SK }) => PK.startsWith('RUN#') && SK === 'META')

/** What still moves, in words; empty when each of the landed file versions stands in a run that has ended. */
export function unrest(items: Item[], landed: number): string {
  const files = items.filter(({ PK, SK }) => PK.startsWith('FILE#') && SK === 'META')
  const open = files.filter(({ run }) => !run).length
  const live = runsOf(items).filter(({ state }) => LIVE.includes(state))
  const waiting = items.filter(({ PK, SK }) => PK.startsWith('LANE#') && SK.startsWith('WAIT#'))
  const held = items.filter(({ SK, holder }) => SK === 'HOLD' && holder)
  const due = runsOf(items).filter(({ duePk }) => duePk)
  const told: [number, string][] = [
    [landed - files.length, 'files unheard of'],
    [open, 'files in no run'],
    [live.length, `live runs (${live.map(({ kind, state }) => `${kind} ${state}`).join(', ')})`],
    [waiting.length, 'waiting entries'],
    [held.length, 'held lanes'],
    [due.length, 'runs whose outcome is not heard yet'],
  ]
  return told
    .filter(([count]) => count > 0)
    .map(([count, words]) => `${count} ${words}`)
    .join(', ')
}

/**
 * Looks every five seconds until all is at rest, and lets the reconciler tick every minute, as its schedule would do
 * every five; gives whether it came to rest within the seconds.
 */
export async function awaitRest(
  landed: number,
  seconds: number,
  say: (line: string) => void,
): Promise<boolean> {
  const end = performance.now() + seconds * 1_000
  let [ticked, said] = [0, '']
  while (performance.now() < end) {
    if (performance.now() - ticked > RECONCILE_SECONDS * 1_000) {
      ticked = performance.now()
      await tick()
    }
    const left = unrest(await wholeLedger(), landed)
    if (!left) return true
    if (left !== said) say(`    ${new Date().toISOString().slice(11, 19)}  ${left}`)
    said = left
    await pause(LOOK_SECONDS)
  }
  return false
}

/** The reconciler's tick, asynchronous as a schedule's: what kills it is Lambda's to repeat. */
async function tick(): Promise<void> {
  const event = {
    version: '0',
    id: crypto.randomUUID(),
    time: new Date().toISOString(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    detail: {},
  }
  const FunctionName = 'sluice-local-reconcile'
  const Payload = JSON.stringify(event)
  await new LambdaClient({}).send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload }))
}

/** Puts every parked run back, as a person does with `npx sluice retry`; gives how many there were. */
export async function retryParked(): Promise<number> {
  const parked = runsOf(await wholeLedger()).filter(({ state }) => state === 'PARKED')
  for (const { runId } of parked) {
    const answer = await fetch(`${process.env.SLUICE_API_URL}/runs/${runId}/retry`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${process.env.SLUICE_API_TOKEN}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ by: 'npm run chaos', why: 'the machine failed on purpose' }),
    })
    if (!answer.ok) throw new Error(`run ${runId} cannot be put back: ${await answer.text()}`)
  }
  return parked.length
}
