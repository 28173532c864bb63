import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { MISSING, type ReadSecret } from './secrets.js'

/**
 * Reads secrets from Secrets Manager by name. One that nobody has made yet is none: of it AWS says that access is denied,
 * because the right names a secret with the six characters that it gets when it is made.
 */
export const secretReader =
  (client = new SecretsManagerClient({})): ReadSecret =>
  async (name) => {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }))
      return SecretString
    } catch (error) {
      if (error instanceof Error && MISSING.includes(error.name)) return undefined
      throw error
    }
  }
