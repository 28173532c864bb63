import { createHmac } from 'node:crypto'
import { Agent, request } from 'node:http'
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import type { DeclaredSource } from '../../shared/declared.js'

export interface Answered {
  status: number
  body: string
  milliseconds: number
}

/** Connections stay open, as those of a sender that is near; one socket for each call that is under way. */
const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** Posts a body and waits for the whole answer. */
export function post(url: string, headers: Record<string, string>, body: string | Buffer): Promise<Answered> {
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      { method: 'POST', agent, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => {
          text += chunk
        })
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, body: text, milliseconds: performance.now() - begun }),
        )
        answer.on('error', reject)
      },
    )
    call.on('error', reject)
    call.end(body)
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** How a source's sender shows that it knows the secret: the address and the headers of one message. */
export function signed(
  api: string,
  source: string,
  declared: DeclaredSource,
  secret: string,
  body: string | Buffer,
) {
  const auth = declared.door?.auth
  const url = `${api}/webhooks/${source}`
  if (!auth) throw new Error(`${source} has no door`)
  if (auth.method === 'path-key') return { url: `${url}/${secret}`, headers: JSON_TYPE }
  if (auth.method === 'api-key') return { url, headers: { ...JSON_TYPE, 'x-api-key': secret } }
  const hex = (...parts: (string | Buffer)[]) =>
    parts.reduce((made, part) => made.update(part), createHmac('sha256', secret)).digest('hex')
  if (auth.method === 'dbt-platform') return { url, headers: { ...JSON_TYPE, authorization: hex(body) } }
  const timestamp = String(Math.floor(Date.now() / 1_000))
  const headers = { [auth.timestampHeader]: timestamp, [auth.signatureHeader]: hex(timestamp, '.', body) }
  return { url, headers: { ...JSON_TYPE, ...headers } }
}

/** Makes a secret, or gives it another value. */
export async function setSecret(Name: string, SecretString: string): Promise<void> {
  const client = new SecretsManagerClient({})
  await client.send(new CreateSecretCommand({ Name, SecretString })).catch(async (error: Error) => {
    if (error.name !== 'ResourceExistsException') throw error
    await client.send(new PutSecretValueCommand({ SecretId: Name, SecretString }))
  })
}

/** Airbyte's own notice of a sync, some 1,600 bytes. */
export const airbyteNotice = (connectionId: string, jobId: number, success = true): string =>
  JSON.stringify({
    text: `Your connection Ads → Warehouse ${success ? 'succeeded' : 'failed'}`,
    blocks: [
      {
        type: 'section',
        text: {
          type: 'mrkdwn',
          text: `Sync completed: <https://airbyte.example.com/c/1|Ads → Warehouse> ${'.'.repeat(600)}`,
        },
      },
    ],
    data: {
      workspace: { id: '0f6f4b2e-5a0e-4b0b-9b57-3f6f0d2f7c11', name: 'Analytics' },
      connection: { id: connectionId, name: 'Ads → Warehouse', url: 'https://airbyte.example.com/c/1' },
      source: { id: '3a7e1d52-11f0-4d0e-9c0a-9f1f5f1f0a01', name: 'Ads' },
      destination: { id: 'c0b1a2d3-22aa-4c11-8d77-6e5f4d3c2b1a', name: 'Warehouse' },
      jobId,
      startedAt: '2026-03-02T06:00:01Z',
      finishedAt: '2026-03-02T06:04:40Z',
      bytesEmitted: 912_345,
      bytesCommitted: 912_345,
      recordsEmitted: 4_210,
      recordsCommitted: 4_210,
      errorMessage: success ? null : 'The access token was rejected',
      durationInSeconds: 279,
      success,
    },
  })
