import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkAlertSecrets, putAlertSecrets } from '../../tools/deploy/alerts.js'

const folder = mkdtempSync(join(tmpdir(), 'sluice-alerts-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (content: string) => {
  const path = join(folder, 'alerts.json')
  writeFileSync(path, content)
  return path
}
const HOOK = 'https://hooks.slack.com/services/T00000000/B00000000/secretsecret'

test('a file for the secret is checked before anything is touched, and never shown', () => {
  expect(() => checkAlertSecrets(file(`{"slackWebhookUrls": ["${HOOK}"]}`))).not.toThrow()
  expect(() => checkAlertSecrets(file(HOOK))).toThrow(
    /^--alert-secrets: the secret of the alerts is not right:/,
  )
  expect(() => checkAlertSecrets(file(HOOK))).not.toThrow(/secretsecret/)
  expect(() => checkAlertSecrets(join(folder, 'none.json'))).toThrow('cannot be read')
})

test('its content stands in no argument of the command that puts it there', () => {
  const path = file(`{"slackWebhookUrls": ["${HOOK}"]}`)
  expect(putAlertSecrets('prod', path).join(' ')).toBe(
    `aws secretsmanager put-secret-value --secret-id /sluice-prod/alerts --secret-string file://${path}`,
  )
})
