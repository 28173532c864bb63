import { type Message, readAirbyte } from './airbyte.js'
import { readDbtPlatform } from './dbt-platform.js'
import type { Heard, Unreadable } from './heard.js'
import { type Mapping, readMapped } from './mapped.js'

/** What a source's messages look like, and which of them count. */
export interface Reading {
  kind: 'airbyte' | 'dbt-platform' | 'webhook'
  connectionIds?: readonly string[] | undefined
  jobIds?: readonly string[] | undefined
  mapping?: Mapping | undefined
}

/** What a verified message says, by the kind of its source. */
export function readNotice(message: Message, reading: Reading): Heard | Unreadable {
  const { content } = message
  if (content === null || typeof content !== 'object' || Array.isArray(content))
    return { problems: ['body: a JSON object'] }
  if (reading.kind === 'airbyte') return readAirbyte(message, reading.connectionIds)
  if (reading.kind === 'dbt-platform') return readDbtPlatform(message, reading.jobIds)
  return readMapped(message, reading.mapping ?? { syncId: '/syncId' })
}
