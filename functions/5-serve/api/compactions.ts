import { NotFoundError, type Router } from '@aws-lambda-powertools/event-handler/http'
import * as z from 'zod'
import { CompactionRequested } from '../../../events/catalog.js'
import { silverKey } from '../../../shared/cleanse.js'
import { compactReport } from '../../../shared/compact-end.js'
import { look } from '../../operate/plan-compaction/look.js'
import { bodyOf } from './bodies.js'
import { accepted, type IntakeEffects } from './intake-commands.js'

export const compactBody = z.strictObject({
  today: z.boolean().optional().describe('Days that are not over as well.'),
  dryRun: z.boolean().optional().describe('Only say what it would do.'),
  by: z.string().trim().min(1).max(200).describe('Who asks.'),
})

export interface CompactEffects extends IntakeEffects {
  ledger: Parameters<typeof look>[0]['ledger']
  /** How large a compacted file may become, in bytes. */
  compactTargetBytes: number
}

/** The route of a person who wants small files put together. */
export function compactions(app: Router, effects: CompactEffects): void {
  app.post('/entities/:entity/compact', async ({ req, params }) => {
    const entity = String(params.entity)
    if (!Object.hasOwn(effects.project.entities, entity))
      throw new NotFoundError(`there is no entity "${entity}"`)
    const { dryRun, ...body } = await bodyOf(req, compactBody)
    if (dryRun) return wouldDo(effects, entity, body.today ?? false)
    const requestId = `api:${effects.clock.newId()}`
    return accepted(effects, { name: CompactionRequested.name, detail: { entity, requestId, ...body } })
  })
}

/** What a compaction would do by now: by day, how many files would become how many, and how many stay. */
async function wouldDo(effects: CompactEffects, entity: string, today: boolean) {
  const looked = await look(effects, entity, { today, targetBytes: effects.compactTargetBytes })
  const days = looked.days.map(({ day, groups, kept }) => {
    const moved = groups.flat()
    const bytes = moved.reduce((sum, file) => sum + file.bytes, 0)
    return { day, files: moved.length, become: groups.length, bytes, stay: kept.length }
  })
  return { entity, days, more: looked.more }
}

/** The files that a compaction made, as they lie in silver. */
export function compactOutputs(entity: string, runId: string, content: unknown) {
  return compactReport.parse(content).files.map(({ day, rows }, ordinal) => ({
    key: silverKey(entity, day, runId, ordinal),
    rows,
  }))
}
