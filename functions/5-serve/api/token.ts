import { createHash, timingSafeEqual } from 'node:crypto'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

/** How long a function keeps the token before it asks again, so that a new one takes effect. */
const KEPT_MILLISECONDS = 60_000

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Compares a caller's token with the secret's, in constant time whatever their lengths. */
export function tokenCheck(secretId: string, client = new SecretsManagerClient({})) {
  let kept: { digest: Buffer; until: number } | undefined
  return async (token: string): Promise<boolean> => {
    if (!kept || kept.until < performance.now()) {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }))
      if (!SecretString) throw new Error('the API token secret is empty')
      kept = { digest: digest(SecretString), until: performance.now() + KEPT_MILLISECONDS }
    }
    return timingSafeEqual(digest(token), kept.digest)
  }
}
