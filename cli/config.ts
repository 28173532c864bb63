import { existsSync, readFileSync } from 'node:fs'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

/** Where the command finds Sluice: an address, a token and the bronze bucket. */
export interface Config {
  apiUrl: string
  token: string
  bronzeBucket: string
}

/** A mistake of the person at the keyboard, told in one sentence; no stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

export const LOCAL_ENV = '.sluice/local.env'

/**
 * Reads the settings from the environment, else from `.sluice/local.env` that `npm start` writes. On AWS the token may
 * stay in Secrets Manager: `SLUICE_API_TOKEN_SECRET` names it.
 */
export async function loadConfig(env: NodeJS.ProcessEnv = process.env): Promise<Config> {
  if (!env.SLUICE_API_URL && existsSync(LOCAL_ENV)) {
    for (const [name, value] of Object.entries(parseEnv(readFileSync(LOCAL_ENV, 'utf8')))) env[name] ??= value
  }
  const apiUrl = env.SLUICE_API_URL
  if (!apiUrl) {
    throw new UserError(
      `there is no ${LOCAL_ENV} here and SLUICE_API_URL is not set: run \`npm start\` in another terminal, or set it`,
    )
  }
  return { apiUrl, token: await token(env), bronzeBucket: env.SLUICE_BRONZE_BUCKET ?? '' }
}

async function token(env: NodeJS.ProcessEnv): Promise<string> {
  if (env.SLUICE_API_TOKEN) return env.SLUICE_API_TOKEN
  if (!env.SLUICE_API_TOKEN_SECRET)
    throw new UserError('set SLUICE_API_TOKEN, or SLUICE_API_TOKEN_SECRET on AWS')
  const secrets = new SecretsManagerClient({})
  const answer = await secrets.send(new GetSecretValueCommand({ SecretId: env.SLUICE_API_TOKEN_SECRET }))
  return answer.SecretString ?? ''
}

/** The variables of a file of `export NAME='value'` lines. */
export function parseEnv(text: string): Record<string, string> {
  const lines = text.matchAll(/^(?:export )?([A-Z_][A-Z0-9_]*)='([^'\n]*)'$/gm)
  return Object.fromEntries([...lines].map(([, name, value]) => [name as string, value as string]))
}

/** The text of such a file. Values must not hold a single quote. */
export const formatEnv = (variables: Record<string, string>): string =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('')
