import { NotFoundError } from '@aws-lambda-powertools/event-handler/http'
import type * as z from 'zod'
import { BuildRequested, ExtractRequested, type Outgoing } from '../../../events/catalog.js'
import { whyNoWindow } from '../../../shared/backfill/live.js'
import type { Clock } from '../../../shared/clock.js'
import type { Declared } from '../../../shared/declared.js'
import { startedSource } from '../../../shared/extract.js'
import { Conflict } from './bodies.js'
import type { buildBody, extractBody } from './intake-bodies.js'

export interface IntakeEffects {
  clock: Clock
  project: Declared
  request(event: Outgoing): Promise<string>
}

/** Asks for an extraction of a source: of what is new, or of a window of days. */
export async function extract(effects: IntakeEffects, source: string, body: z.infer<typeof extractBody>) {
  const { project } = effects
  if (!Object.hasOwn(project.sources, source)) throw new NotFoundError(`there is no source "${source}"`)
  const started = startedSource(project, source)
  if (!started)
    throw new Conflict(`${source} is of kind ${project.sources[source]?.kind}: it brings its data by itself`)
  const blind = body.window && whyNoWindow(started)
  if (blind) throw new Conflict(`${source} knows no window: ${blind}`)
  const requestId = `api:${effects.clock.newId()}`
  return accepted(effects, { name: ExtractRequested.name, detail: { source, requestId, ...body } })
}

/** Asks for a build of a domain, of everything in its lane or of some selectors. */
export async function build(effects: IntakeEffects, domain: string, body: z.infer<typeof buildBody>) {
  const domains = effects.project.lanes.flatMap((lane) => lane.domains)
  if (!domains.includes(domain))
    throw new NotFoundError(`there is no domain "${domain}"; there are ${domains.join(', ')}`)
  const requestId = `api:${effects.clock.newId()}`
  return accepted(effects, { name: BuildRequested.name, detail: { domain, requestId, ...body } } as Outgoing)
}

/** Puts the event of a request, and answers how to follow it. */
export async function accepted({ request }: IntakeEffects, event: Outgoing) {
  const eventId = await request(event)
  const body = { eventId, event: event.name, ...event.detail, follow: `npx sluice why ${eventId}` }
  const headers = { 'content-type': 'application/json' }
  return new Response(JSON.stringify(body), { status: 202, headers })
}
