import { isHeard } from '../../../../shared/doors/drive-sync.js'
import type { Sync } from '../../../../shared/doors/sync.js'
import { buildsOf } from '../syncs.js'
import { brief } from './follow.js'
import { waiting } from './lane.js'
import { type Said, say, type WhyEffects } from './said.js'
import { builtSaid } from './went.js'

/** A sync: what was told of it, how it was confirmed, and which build took it. */
export async function syncSaid(effects: WhyEffects, sync: Sync): Promise<Said[]> {
  const builds = await buildsOf(effects, sync)
  const went = await Promise.all(
    builds.map(async ({ lane, ownerPk, runs }) => {
      const last = runs.at(-1)
      if (!last) return waiting(effects.ledger, lane, ownerPk)
      const taken = say(`build ${last.runId} took it; ${brief(last, last.runId)}`, last.createdAt, last.runId)
      return [taken, ...(await builtSaid(effects, last))]
    }),
  )
  const follows = builds.length === 0 && sync.outcome === 'finished' ? [await followsSaid(effects, sync)] : []
  return [heardSaid(sync), ...outcomeSaid(sync), ...follows, ...went.flat()]
}

function heardSaid({ source, job, connection, receivedAt, via }: Sync): Said {
  const of = connection === undefined ? '' : ` of ${connection}`
  const how = via === undefined ? 'sent a message about' : `was asked (${via}) and told of`
  return say(`source ${source} ${how} ${job === undefined ? 'a sync' : `job ${job}`}${of}`, receivedAt)
}

function outcomeSaid({ outcome, why, confirmed, dueAt }: Sync): Said[] {
  if (outcome === 'ignored') return [say(`it triggers nothing: ${why}`)]
  if (outcome === 'failed') return [say(`the sync failed, and triggers nothing: ${why}`)]
  if (outcome === 'waiting')
    return [say(`its source’s API has not confirmed it yet: it is asked again at ${dueAt}`)]
  return confirmed ? [say('its source’s API confirmed that it succeeded')] : []
}

/** What a finished sync without a build came to: its consumers' own records say it, as soon as they have it. */
async function followsSaid(effects: WhyEffects, sync: Sync): Promise<Said> {
  if (!(await isHeard(effects, sync))) return say('nobody has taken it in yet: it is told again')
  const closes = effects.project.sources[sync.source]?.closeOnSyncFinished
  return closes
    ? say('the batches of its source are closed: what landed until then waits no longer', sync.receivedAt)
    : say('no build follows from it')
}
