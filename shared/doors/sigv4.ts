import { createHash, createHmac } from 'node:crypto'

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

interface Signing {
  service: string
  region: string
  credentials: Credentials
  /** Milliseconds since 1970. */
  now: number
}

/** The key of a day changes once a day. */
let kept: { of: string; key: Buffer } | undefined

function signingKey({ service, region, credentials }: Signing, day: string): Buffer {
  const of = `${credentials.secretAccessKey} ${day} ${region} ${service}`
  if (kept?.of !== of) {
    const scoped = hmac(hmac(hmac(`AWS4${credentials.secretAccessKey}`, day), region), service)
    kept = { of, key: hmac(scoped, 'aws4_request') }
  }
  return kept.key
}

/**
 * The headers of a signed POST to the root of a service (AWS Signature Version 4, IAM user guide). `headers` are those
 * that are signed beside the time and the token, in lower case, `host` among them.
 */
export function signedHeaders(
  headers: Record<string, string>,
  body: string,
  signing: Signing,
): Record<string, string> {
  const { credentials, region, service } = signing
  const time = new Date(signing.now).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const all: Record<string, string> = {
    ...headers,
    'x-amz-date': time,
    ...(credentials.sessionToken && { 'x-amz-security-token': credentials.sessionToken }),
  }
  const names = Object.keys(all).sort()
  const signed = names.join(';')
  const lines = names.map((name) => `${name}:${all[name]?.trim()}\n`).join('')
  const request = `POST\n/\n\n${lines}\n${signed}\n${sha256(body)}`
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(request)}`
  const signature = hmac(signingKey(signing, day), toSign).toString('hex')
  const credential = `Credential=${credentials.accessKeyId}/${scope}`
  return {
    ...all,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${signed}, Signature=${signature}`,
  }
}
