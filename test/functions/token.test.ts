import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { expect, test } from 'vitest'
import { tokenCheck } from '../../functions/5-serve/api/token.js'
import { fakeClient } from '../fakes/aws-client.js'

const checking = (SecretString: string | undefined) => {
  const { client, calls } = fakeClient<SecretsManagerClient>({
    GetSecretValueCommand: () => ({ SecretString }),
  })
  return { isToken: tokenCheck('secret', client), calls }
}

test('the token is right only when every character is, whatever the lengths', async () => {
  const { isToken } = checking('the-right-token')
  expect(await isToken('the-right-token')).toBe(true)
  // Compared as digests: a comparison in constant time throws where two texts differ in length.
  for (const wrong of [
    '',
    'x',
    'the-right-toke',
    'the-right-tokex',
    'the-right-token ',
    'the-right-token'.repeat(9),
    'é',
  ])
    expect(await isToken(wrong), wrong).toBe(false)
})

test('the secret is asked for once a minute, not once a request', async () => {
  const { isToken, calls } = checking('t')
  for (let times = 0; times < 5; times += 1) await isToken('x')
  expect(calls).toHaveLength(1)
})

test.each([undefined, ''])('an empty secret lets nobody in: %o', async (secret) => {
  const { isToken } = checking(secret)
  await expect(isToken('')).rejects.toThrow('the API token secret is empty')
})
