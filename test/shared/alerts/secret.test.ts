import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { describe, expect, test } from 'vitest'
import { alertSecretReader } from '../../../shared/alerts/secret.js'
import { fakeClient } from '../../fakes/aws-client.js'

const reading = (SecretString: string | undefined) => {
  const { client, calls } = fakeClient<SecretsManagerClient>({
    GetSecretValueCommand: () => ({ SecretString }),
  })
  return { read: alertSecretReader('the-secret', client), calls }
}
const HOOK = 'https://hooks.slack.com/services/T00000000/B00000000/secretsecretsecret'

describe('the secret of the alerts', () => {
  test.each(['{}', undefined])('may be as empty as the template leaves it: %o', async (text) => {
    expect(await reading(text).read()).toEqual({})
  })

  test('may name each channel', async () => {
    const full = {
      pagerdutyRoutingKey: 'a'.repeat(32),
      pagerdutyUrl: 'https://events.eu.pagerduty.com/v2/enqueue',
      slackWebhookUrls: [HOOK],
    }
    expect(await reading(JSON.stringify(full)).read()).toEqual(full)
  })

  test('is asked for once a minute, not once an event', async () => {
    const { read, calls } = reading('{}')
    for (let times = 0; times < 5; times += 1) await read()
    expect(calls).toEqual([{ name: 'GetSecretValueCommand', input: { SecretId: 'the-secret' } }])
  })

  test.each([
    [HOOK, ''],
    [`"${HOOK}"`, ''],
    [`{"slackWebhookUrls": ["${HOOK}"`, ''],
    [`{"slackWebhookUrl": ["${HOOK}"]}`, ''],
    [`{"${HOOK}": "x"}`, ''],
    ['{"slackWebhookUrls": ["secretsecretsecret"]}', ' in slackWebhookUrls.0'],
    [
      '{"slackWebhookUrls": ["http://hooks.slack.com/services/secretsecretsecret"]}',
      ' in slackWebhookUrls.0',
    ],
    ['{"pagerdutyRoutingKey": "secretsecretsecret"}', ' in pagerdutyRoutingKey'],
  ])('that is wrong is named without a word of it: %s', async (text, where) => {
    const error = await reading(text)
      .read()
      .catch((thrown) => thrown)
    expect(error.message).toBe(
      `the secret of the alerts is not right${where}: its members are pagerdutyRoutingKey, pagerdutyUrl, slackWebhookUrls`,
    )
    expect(`${error.stack} ${error.cause}`).not.toMatch(/secretsecret|T00000000/)
  })

  test('may be sent over plain HTTP to this machine, where a proxy or a test listens', async () => {
    const text = '{"slackWebhookUrls": ["http://127.0.0.1:8080/x"], "pagerdutyUrl": "http://localhost:1/x"}'
    expect((await reading(text).read()).slackWebhookUrls).toHaveLength(1)
  })
})
