import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { ReadSecret } from './secrets.js'

/** Reads secrets from Secrets Manager by name. One that nobody has made yet is none. */
export const secretReader =
  (client = new SecretsManagerClient({})): ReadSecret =>
  async (name) => {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }))
      return SecretString
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
      throw error
    }
  }
