import { readFileSync } from 'node:fs'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'

/** Makes a secret of the local AWS, or gives it a new value. The value stands nowhere else. */
export async function putSecret(
  name: string,
  value: string,
  client = new SecretsManagerClient({}),
): Promise<void> {
  try {
    await client.send(new CreateSecretCommand({ Name: name, SecretString: value }))
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ResourceExistsException') throw error
    await client.send(new PutSecretValueCommand({ SecretId: name, SecretString: value }))
  }
}

/** Puts a file under a key of a bucket, as a producer with a folder of its own does. */
export async function dropAt(
  bucket: string,
  key: string,
  file: string,
  client = new S3Client({}),
): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: readFileSync(file) }))
}

const PUTS_AT_ONCE = 16

/** Does the work for each item, 16 at a time. */
export async function atOnce<T>(items: T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, worker))
}
