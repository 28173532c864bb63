import {
  type Detail,
  ForgetRequested,
  type Heard,
  ReplayRequested,
  RetryRequested,
  RunApproved,
} from '../../../events/catalog.js'
import { claim } from '../../../shared/claim.js'
import type { Declared } from '../../../shared/declared.js'
import { forgetEntry, forgetKey } from '../../../shared/forget.js'
import { join, laneKind, laneName, registerLane, type World } from '../../../shared/lane.js'
import type { Outcome } from '../../../shared/observe.js'
import { approve, replayFile, replayRejected, retry } from '../../../shared/put-back.js'
import { type Run, runKey } from '../../../shared/run.js'

export interface PutBackEffects extends World {
  project: Declared
}

export type Request = Heard<
  typeof RetryRequested | typeof RunApproved | typeof ReplayRequested | typeof ForgetRequested
>

/** Puts back what a person asked for, once however often the request comes. What cannot be put back stays as it is. */
export async function putBack(effects: PutBackEffects, request: Request): Promise<Outcome> {
  if (request['detail-type'] === ForgetRequested.name)
    return { did: await forget(effects, request.detail), about: forgetKey(request.detail.requestId).PK }
  const { detail } = request
  if ('fileId' in detail) return { did: await fileAgain(effects, detail.fileId, detail) }
  const { runId } = detail
  const run = (await effects.ledger.get(runKey(runId))) as Run | undefined
  if (!run) return { did: `refused: there is no run ${runId}` }
  switch (request['detail-type']) {
    case RetryRequested.name:
      return { runId, did: await again(effects, run, request.detail) }
    case RunApproved.name:
      return { runId, did: await waive(effects, run, request.detail) }
    case ReplayRequested.name:
      return { runId, did: await rowsAgain(effects, run, request.detail) }
  }
}

/** A deletion goes through the lane of its entity, as what lands does; once however often the request comes. */
async function forget(effects: PutBackEffects, asked: Detail<typeof ForgetRequested>): Promise<string> {
  if (!Object.hasOwn(effects.project.entities, asked.entity)) return `refused: no entity ${asked.entity}`
  const lane = laneName('cleanse', asked.entity)
  await registerLane(effects, lane)
  const joined = await join(effects, lane, forgetEntry(effects.clock, asked))
  await claim(effects, lane)
  return `${joined === 'joined' ? 'joined' : 'known already in'} ${lane} for ${asked.by}`
}

async function again(
  effects: PutBackEffects,
  run: Run,
  asked: Detail<typeof RetryRequested>,
): Promise<string> {
  if (await retry(effects, run, asked)) return `put back by ${asked.by}`
  return run.state === 'REPLAYED' ? 'put back before' : `refused: the run is ${run.state}, not PARKED`
}

async function waive(effects: PutBackEffects, run: Run, asked: Detail<typeof RunApproved>): Promise<string> {
  if (await approve(effects, run, asked)) return `approved by ${asked.by}: ${asked.why}`
  if (run.state === 'REPLAYED') return 'put back before'
  const because = run.state === 'PARKED' ? 'no gate held it back: retry it' : `it is ${run.state}`
  return `refused: the run cannot be approved, ${because}`
}

async function rowsAgain(effects: PutBackEffects, run: Run, { by }: { by: string }): Promise<string> {
  if (laneKind(run.lane) !== 'cleanse') return 'refused: only a cleanse rejects rows'
  if (run.state === 'PARKED') return 'refused: the whole run is parked; retry or approve it'
  if (await replayRejected(effects, run, { by })) return `rejected rows put back by ${by}`
  return run.putBack ? 'put back before' : 'refused: the run has no rejected rows'
}

async function fileAgain(effects: PutBackEffects, id: string, { by }: { by: string }): Promise<string> {
  const file = await effects.ledger.get({ PK: `FILE#${id}`, SK: 'META' })
  if (!file) return `refused: there is no file ${id}`
  if (file.lane) return `the file is in ${file.lane} already`
  const joined = await replayFile(effects, effects.project, file, { by })
  if (!joined) return `refused: still ${file.reason}`
  return joined.done ? `put into ${joined.lane} by ${by}` : `the file is in ${joined.lane} already`
}
