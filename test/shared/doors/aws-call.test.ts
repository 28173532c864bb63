import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Action, awsCaller, Refused } from '../../../shared/doors/aws-call.js'
import {
  attributeOf,
  doorBus,
  doorLedger,
  doorSecretReader,
  plainOf,
  requestCounter,
} from '../../../shared/doors/door-calls.js'
import { type Credentials, signedHeaders } from '../../../shared/doors/sigv4.js'
import { absent } from '../../../shared/ledger.js'

interface Sent {
  headers: Record<string, string>
  body: string
}

/** What the SDK's client would send: the request that it signed, taken from its transport. */
async function signedBySdk(credentials: Credentials, text: string): Promise<Sent> {
  let sent: Sent | undefined
  const requestHandler = {
    handle: async (request: Sent) => {
      sent = request
      throw new Error('taken')
    },
  }
  const client = new DynamoDBClient({
    region: 'eu-west-1',
    credentials,
    maxAttempts: 1,
    requestHandler: requestHandler as never,
  })
  const put = new PutItemCommand({ TableName: 't', Item: { PK: { S: text } } })
  await client.send(put).catch(() => undefined)
  if (!sent) throw new Error('the SDK sent nothing')
  return sent
}

describe('a signature', () => {
  it('is the one that the SDK makes', async () => {
    const word = fc.string({ unit: fc.constantFrom(...'abcXYZ019'), minLength: 1, maxLength: 40 })
    const made = fc.record({
      accessKeyId: word,
      secretAccessKey: fc.string({ minLength: 1, maxLength: 60 }),
      sessionToken: fc.option(word, { nil: undefined }),
    })
    const check = async (text: string, credentials: Credentials) => {
      const { headers, body } = await signedBySdk(credentials, text)
      const theirs = headers.authorization ?? ''
      const names = /SignedHeaders=([^,]+)/.exec(theirs)?.[1]?.split(';') ?? []
      const own = names.filter((name) => !['x-amz-date', 'x-amz-security-token'].includes(name))
      const plain = Object.fromEntries(own.map((name) => [name, String(headers[name])]))
      const time = String(headers['x-amz-date']).replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')
      const signing = { service: 'dynamodb', region: 'eu-west-1', credentials, now: Date.parse(time) }
      expect(signedHeaders(plain, body, signing).authorization).toBe(theirs)
    }
    await fc.assert(fc.asyncProperty(fc.string({ minLength: 1 }), made, check), { numRuns: 40 })
  })
})

describe('a call', () => {
  let server: Server
  let answers: ({ status: number; body: object } | 'broken')[]
  let asked: { target: unknown; body: unknown }[]
  let call: ReturnType<typeof awsCaller>
  beforeEach(async () => {
    ;[answers, asked] = [[], []]
    server = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        asked.push({ target: request.headers['x-amz-target'], body: JSON.parse(text) })
        const answer = answers.shift() ?? { status: 200, body: {} }
        if (answer === 'broken') return request.socket.destroy()
        return response.writeHead(answer.status).end(JSON.stringify(answer.body))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
    call = awsCaller(
      () => ({ region: 'us-east-1', endpoint }),
      () => credentials,
      () => 1_772_434_800_000,
    )
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const refusal = (code: string, status = 400) => ({ status, body: { __type: `com.amazonaws#${code}` } })
  const target = () => asked.map((one) => one.target)

  it.each<[Action, string]>([
    ['dynamodb:PutItem', 'DynamoDB_20120810.PutItem'],
    ['events:PutEvents', 'AWSEvents.PutEvents'],
    ['secretsmanager:GetSecretValue', 'secretsmanager.GetSecretValue'],
  ])('%s names its operation as the service wants it', async (action, named) => {
    await call(action, {})
    expect(target()).toEqual([named])
  })

  it.each([
    ['a throttle', refusal('ProvisionedThroughputExceededException')],
    ['an error of the service', refusal('InternalServerError', 500)],
    ['a broken connection', 'broken' as const],
  ])('is tried again after %s, three times in all', async (_, trouble) => {
    answers = [trouble, trouble, { status: 200, body: { done: true } }]
    expect(await call('dynamodb:PutItem', {})).toEqual({ done: true })
    answers = [trouble, trouble, trouble]
    await expect(call('dynamodb:PutItem', {})).rejects.toThrow('dynamodb:PutItem gave no answer')
    expect(asked).toHaveLength(6)
  })

  it('is not tried again when it is refused', async () => {
    answers = [refusal('AccessDeniedException')]
    await expect(call('dynamodb:PutItem', {})).rejects.toThrow(Refused)
    expect(asked).toHaveLength(1)
  })

  it('puts an item when there is none, and says when there is one', async () => {
    const ledger = doorLedger('table', call)
    const put = { PK: 'SYNC#1', SK: 'META', n: 1, ok: true }
    answers = [{ status: 200, body: {} }, refusal('ConditionalCheckFailedException')]
    expect(await ledger.write({ put, when: [absent('PK')] })).toEqual({ done: true })
    expect(await ledger.write({ put, when: [absent('PK')] })).toEqual({ done: false, refused: [0] })
    expect(asked[0]?.body).toMatchObject({
      TableName: 'table',
      Item: { PK: { S: 'SYNC#1' }, n: { N: '1' }, ok: { BOOL: true } },
      ConditionExpression: 'attribute_not_exists(#absent)',
    })
    await expect(ledger.write({ put })).rejects.toThrow('when there is none')
  })

  it('gets an item, or nothing', async () => {
    const ledger = doorLedger('table', call)
    answers = [{ status: 200, body: { Item: { PK: { S: 'a' }, SK: { S: 'b' }, n: { N: '7' } } } }]
    expect(await ledger.get({ PK: 'a', SK: 'b' })).toEqual({ PK: 'a', SK: 'b', n: 7 })
    expect(await ledger.get({ PK: 'a', SK: 'b' })).toBeUndefined()
    expect(asked[0]?.body).toMatchObject({ ConsistentRead: true })
  })

  it('counts, reads secrets and puts events', async () => {
    answers = [{ status: 200, body: { Attributes: { count: { N: '3' } } } }]
    expect(await requestCounter('table', call)('ads', 5)).toBe(3)
    answers = [
      { status: 200, body: { SecretString: 's' } },
      refusal('ResourceNotFoundException'),
      refusal('AccessDeniedException'),
    ]
    expect(await doorSecretReader(call)('one')).toBe('s')
    expect(await doorSecretReader(call)('none')).toBeUndefined()
    expect(await doorSecretReader(call)('not made yet')).toBeUndefined()
    answers = [{ status: 200, body: { Entries: [{ EventId: '1' }, { ErrorCode: 'ThrottlingException' }] } }]
    await expect(doorBus('bus', call)([])).rejects.toThrow('refused 1 events: ThrottlingException')
  })
})

it('a value goes to DynamoDB and back unchanged', () => {
  const value = fc.jsonValue({ noUnicodeString: false } as object)
  fc.assert(
    fc.property(value, (one) => {
      expect(plainOf(attributeOf(one as never))).toEqual(JSON.parse(JSON.stringify(one)))
    }),
  )
})
