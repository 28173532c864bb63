import { readFileSync } from 'node:fs'
import {
  type AcceptEffects,
  acceptWebhook,
  type Request,
} from '../../../functions/1-ingest/accept-webhook/accept-webhook.js'
import { FakeBus } from '../../fakes/bus.js'
import { FakeClock } from '../../fakes/clock.js'
import { FakeLedger } from '../../fakes/ledger.js'
import { doorProject } from '../../shared/doors/door-project.js'

/** A payload as the outside sends it. */
export const sent = (name: string) =>
  readFileSync(new URL(`../../payloads/${name}.json`, import.meta.url), 'utf8')
export const succeeded = sent('airbyte-sync-succeeded')

/** The door on fakes: what it writes, tells and asks, and how to post to it as each source's own sender. */
export function door(changed: Partial<AcceptEffects> = {}) {
  const ledger = new FakeLedger()
  const bus = new FakeBus()
  const clock = new FakeClock()
  const calls: string[] = []
  const requests = Array.from({ length: 2_000 }, (_, number) => `r${number}`).values()
  const counts = new Map<string, number>()
  const effects: AcceptEffects = {
    project: doorProject,
    clock,
    ledger: {
      get: (key) => {
        calls.push('get')
        return ledger.get(key)
      },
      write: (...writes) => {
        calls.push('write')
        return ledger.write(...writes)
      },
    },
    readSecret: async (name) => (name === 'missing' ? undefined : `key of ${name}`),
    countRequest: async (source, minute) => {
      const count = (counts.get(`${source} ${minute}`) ?? 0) + 1
      counts.set(`${source} ${minute}`, count)
      return count
    },
    publish: async (events) => {
      calls.push('publish')
      await bus.publish(events)
    },
    bodyBytesMax: 10_000,
    ...changed,
  }
  const post = (source: string, text: string | Uint8Array, more: Partial<Request> = {}) =>
    acceptWebhook(effects, {
      source,
      key: `key of ${source}-door`,
      headers: { 'content-type': 'application/json', ...more.headers },
      body: typeof text === 'string' ? Buffer.from(text) : text,
      requestId: more.requestId ?? String(requests.next().value),
      ...('key' in more && { key: more.key }),
    })
  const platform = (name: string) =>
    post('platform', sent(name), { headers: { authorization: signatures[name as keyof typeof signatures] } })
  return { ledger, bus, clock, calls, post, platform }
}

/** Hex HMAC-SHA256 of each file with the secret of the door, made apart from the code under test (`openssl dgst`). */
const signatures = {
  'dbt-run-completed': '540147c372d78ca80a5c09578e7fa63038e9fe1bfa59b8554871d7fb2c05483f',
  'dbt-run-errored': '2f8443dcef1bdb1c04287a56a6094c9676aeed506645eb9930ab4dc6b62f3adc',
  'dbt-run-errored-as-completed': '0ce7c4f75d64611781558b3bcb4cd7580283d54211dd795feac00c69320a58a5',
}
