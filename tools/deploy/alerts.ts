import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { UserError } from '../../cli/config.js'
import { parseAlertSecrets } from '../../shared/alerts/secret.js'

/** The name of a stage's secret of the alerts, as infra/alarms.yml gives it. */
export const alertSecretName = (stage: string) => `/sluice-${stage}/alerts`

/** Checks a file for the secret of the alerts before anything is touched. Throws `UserError` without a word of it. */
export function checkAlertSecrets(file: string): void {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw new UserError(`--alert-secrets: ${file} cannot be read`)
  }
  try {
    parseAlertSecrets(text)
  } catch (error) {
    throw new UserError(`--alert-secrets: ${(error as Error).message}`)
  }
}

/** The command that puts a file's content into the secret; the content is in no argument, so no process list shows it. */
export const putAlertSecrets = (stage: string, file: string): string[] => [
  ...['aws', 'secretsmanager', 'put-secret-value', '--secret-id', alertSecretName(stage)],
  ...['--secret-string', `file://${file}`],
]

/** Puts a checked file's content into the stage's secret. Functions see it within a minute. */
export function fillAlertSecrets(stage: string, file: string): void {
  const [command, ...args] = putAlertSecrets(stage, file)
  execFileSync(command as string, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}
