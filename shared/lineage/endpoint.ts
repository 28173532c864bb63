import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import * as z from 'zod'
import { type Poster, post } from '../alerts/post.js'
import { address } from '../alerts/secret.js'
import { TerminalError } from '../errors.js'
import type { RunEvent } from './facets.js'

/** Where lineage is posted: the address of a reader's API, and the key that it asks for. */
const endpoint = z.strictObject({ url: address, apiKey: z.string().min(1).optional() })
type Endpoint = z.infer<typeof endpoint>

const KEPT_MILLISECONDS = 60_000

/** Reads the secret, at most once a minute. Throws without a word of its content. */
export function endpointReader(secretId: string, client = new SecretsManagerClient({})) {
  let kept: { endpoint: Endpoint; until: number } | undefined
  return async (): Promise<Endpoint> => {
    if (kept && kept.until >= performance.now()) return kept.endpoint
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }))
    kept = { endpoint: parseEndpoint(SecretString ?? ''), until: performance.now() + KEPT_MILLISECONDS }
    return kept.endpoint
  }
}

/** The secret's text in its shape. Throws `TerminalError` without quoting it. */
export function parseEndpoint(text: string): Endpoint {
  try {
    return endpoint.parse(JSON.parse(text))
  } catch {
    throw new TerminalError(
      'the secret of the lineage is not right: it is {"url": "https://...", "apiKey": "..."}',
    )
  }
}

/**
 * Posts events to the endpoint that a stage names, and says what came of it. Whatever goes wrong is said and not thrown:
 * the event lies in the artifacts, and no lineage is worth a pipeline.
 */
export const poster =
  (read: (() => Promise<Endpoint>) | undefined, how: Poster) =>
  async (event: RunEvent): Promise<string | undefined> => {
    if (!read) return undefined
    try {
      const { url, apiKey } = await read()
      const headers: Record<string, string> = apiKey ? { Authorization: `Bearer ${apiKey}` } : {}
      await post({ channel: 'lineage', url, secrets: apiKey ? [apiKey] : [], headers }, event, how)
      return 'posted it'
    } catch (error) {
      return `could not post it: ${(error as Error).message}`
    }
  }
