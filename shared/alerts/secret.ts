import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import * as z from 'zod'
import { TerminalError } from '../errors.js'

/** How long a function keeps the secret before it asks again, so that a new one takes effect. */
const KEPT_MILLISECONDS = 60_000

/** Over plain HTTP a secret may go to this machine only, where a proxy or a test listens. */
export const address = z.url({ protocol: /^https?$/ }).refine(isSafe, 'https, or http to this machine')
function isSafe(text: string): boolean {
  // The error that URL throws holds the text, and this runs also after the first check failed.
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
}

/** The secret of the stack: who is told, beside e-mail. Every member may be missing; one that nobody knows is an error. */
const alertSecrets = z.strictObject({
  pagerdutyRoutingKey: z
    .string()
    .regex(/^[0-9A-Za-z]{32}$/)
    .optional(),
  pagerdutyUrl: address.optional(),
  slackWebhookUrls: z.array(address).max(5).optional(),
})
export type AlertSecrets = z.infer<typeof alertSecrets>

/** Reads the secret, at most once a minute. Throws without a word of its content. */
export function alertSecretReader(secretId: string, client = new SecretsManagerClient({})) {
  let kept: { secrets: AlertSecrets; until: number } | undefined
  return async (): Promise<AlertSecrets> => {
    if (!kept || kept.until < performance.now()) {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }))
      kept = {
        secrets: parseAlertSecrets(SecretString ?? '{}'),
        until: performance.now() + KEPT_MILLISECONDS,
      }
    }
    return kept.secrets
  }
}

/**
 * The secret's text in its shape. Throws `TerminalError` with the names of wrong members only: the errors of a parser
 * quote what they could not read.
 */
export function parseAlertSecrets(text: string): AlertSecrets {
  const answer = alertSecrets.safeParse(json(text))
  if (answer.success) return answer.data
  const known = Object.keys(alertSecrets.shape)
  const wrong = answer.error.issues.map(({ path }) => (known.includes(String(path[0])) ? path.join('.') : ''))
  const named = [...new Set(wrong.filter(Boolean))].join(', ')
  throw new TerminalError(
    `the secret of the alerts is not right${named && ` in ${named}`}: its members are ${known.join(', ')}`,
  )
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
