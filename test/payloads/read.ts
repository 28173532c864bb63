import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('./', import.meta.url)

/** The names of the payload files that begin so. */
export const payloadNames = (prefix: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.startsWith(prefix) && file.endsWith('.json'))
    .map((file) => file.replace('.json', ''))

export interface Payload {
  'detail-type': string
  detail: Record<string, unknown>
  [name: string]: unknown
}

/** A payload as AWS sends it, with some of its `detail` replaced. */
export function payload(name: string, detail: Record<string, unknown> = {}): Payload {
  const read = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Payload
  return { ...read, detail: { ...read.detail, ...detail } }
}
