import { incidentKey } from '../../../../shared/alerts/incident.js'
import type { Declared } from '../../../../shared/declared.js'
import { runKey } from '../../../../shared/run.js'
import { syncOf } from '../syncs.js'
import { deliverySaid } from './delivery.js'
import { entitySaid } from './entity.js'
import { eventSaid, fatesOf } from './event.js'
import { fileSaid, keySaid } from './file.js'
import { findFile } from './find-file.js'
import { runOf } from './follow.js'
import { goldSaid } from './gold.js'
import { incidentAnswer } from './incident.js'
import { laneSaid } from './lane.js'
import { runSaid } from './run.js'
import { type Kind, type Said, say, type WhyAnswer, type WhyEffects } from './said.js'
import { syncSaid } from './sync.js'

export type { WhyEffects }

const RUN_ID = /^[0-9a-z]{26}$/
const FILE_ID = /^[0-9a-f]{64}$/
const CORRELATION_ID = /^[A-Za-z0-9_-]{1,64}$/
/** The run in a key of silver, gold, quarantine or artifacts. */
const RUN_IN_KEY = /(?:\/run=|\/edition=|^runs\/|_)([0-9a-z]{26})(?:[-/])/

/**
 * Why something is where it is, in sentences made of what the ledger records and nothing else. A subject is looked for
 * as a name that the project declares, as an id, then as a key; `unknown` says what was looked for and where.
 */
export async function why(effects: WhyEffects, subject: string): Promise<WhyAnswer | { unknown: string }> {
  const found =
    (await declared(effects, subject)) ?? (await known(effects, subject)) ?? (await landed(effects, subject))
  return 'unknown' in found ? found : { subject, ...found }
}

type Found = { kind: Kind; id: string; lines: Said[] }
const answer = (kind: Kind, id: string, lines: Said[]): Found => ({ kind, id, lines })

/** A dataset, a domain, an entity or a lane by its name. */
async function declared(effects: WhyEffects, subject: string): Promise<Found | undefined> {
  const { project, ledger } = effects
  const [domain = '', dataset] = subject.split('/')
  const reading = readingOf(project, domain)
  if (reading && dataset === undefined)
    return answer('domain', domain, await goldSaid(effects, reading, domain))
  if (reading?.datasets.some((one) => one.domain === domain && `${domain}/${one.dataset}` === subject))
    return answer('dataset', subject, await goldSaid(effects, reading, domain, dataset))
  if (Object.hasOwn(project.entities, subject))
    return answer('entity', subject, await entitySaid(effects, subject))
  if (/^(cleanse|build):/.test(subject) && (await ledger.get({ PK: 'LANES', SK: subject })))
    return answer('lane', subject, await laneSaid(ledger, subject))
  return undefined
}

const readingOf = ({ lanes }: Declared, domain: string) =>
  lanes.find(({ domains }) => domains.includes(domain))

/** A run, a sync, a file, an incident or an event by its id. */
async function known(effects: WhyEffects, subject: string): Promise<Found | undefined> {
  const { ledger } = effects
  if (RUN_ID.test(subject)) {
    const run = await runOf(ledger, subject)
    if (run)
      return answer('run', subject, [
        ...(await runSaid(effects, run)),
        ...(await fatesOf(ledger, runKey(subject).PK)),
      ])
  }
  const sync = await syncOf(ledger, subject)
  if (sync)
    return answer('sync', subject, [
      ...(await syncSaid(effects, sync)),
      ...((await deliverySaid(effects, subject)) ?? []),
    ])
  if (FILE_ID.test(subject)) {
    const file = await ledger.get({ PK: `FILE#${subject}`, SK: 'META' })
    if (file) return answer('file', subject, await fileSaid(effects, file))
  }
  const incident = await ledger.get(incidentKey(subject))
  if (incident) return answer('incident', subject, await incidentAnswer(ledger, incident))
  const event = await eventSaid(ledger, subject)
  const delivery = CORRELATION_ID.test(subject) ? await deliverySaid(effects, subject) : undefined
  if (event) return answer('event', subject, [...event, ...(delivery ?? [])])
  return delivery && answer('delivery', subject, delivery)
}

/** A file by its key or its URI; a key of another zone by the run in it. */
async function landed(effects: WhyEffects, subject: string): Promise<Found | { unknown: string }> {
  const [, bucket, path] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(subject) ?? []
  const key = path ?? subject
  const runId = RUN_IN_KEY.exec(key)?.[1]
  const isBronze = bucket === undefined || bucket === effects.bronzeBucket
  const run =
    runId && (!isBronze || !key.startsWith('source=')) ? await runOf(effects.ledger, runId) : undefined
  if (run)
    return answer('run', run.runId, [
      say(`the key was written by run ${run.runId}`),
      ...(await runSaid(effects, run)),
    ])
  if (!isBronze)
    return { unknown: `"${subject}" is in another bucket than bronze, and names no run of the ledger` }
  const found = await findFile(effects, key)
  if ('unknown' in found)
    return found.isMany ? found : { unknown: `${lookedFor(effects.project, subject)}; ${found.unknown}` }
  return answer('file', found.versions[0]?.key ?? key, await keySaid(effects, found.versions))
}

/** Names that there are: of datasets only those of the domain that was named, since there are many. */
function lookedFor({ lanes, entities }: Declared, subject: string): string {
  const datasets = lanes.flatMap((lane) => lane.datasets)
  const own = datasets.filter(({ domain }) => domain === subject.split('/')[0])
  const shown = own.map(({ domain, dataset }) => `${domain}/${dataset}`).join(', ')
  const domains = lanes.flatMap((lane) => lane.domains).join(', ')
  const names = `domain (${domains}), entity (${Object.keys(entities).join(', ')})`
  return `"${subject}" is no dataset${shown && ` (${shown})`}, ${names} or lane; no run, sync, file, incident, recorded event or delivery has this id`
}
