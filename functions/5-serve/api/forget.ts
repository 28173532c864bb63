import { NotFoundError } from '@aws-lambda-powertools/event-handler/http'
import * as z from 'zod'
import { ForgetRequested } from '../../../events/catalog.js'
import type { Clock } from '../../../shared/clock.js'
import { subjectPath } from '../../../shared/forget.js'
import type { Plans } from '../../../shared/work.js'
import { BadBody, Conflict } from './bodies.js'
import { accepted, type CommandEffects } from './commands.js'

export interface ForgetEffects extends CommandEffects {
  clock: Clock
  /** Keeps whom a deletion is about, for its job only. */
  subjects: Plans
}

export const forgetBody = z.strictObject({
  key: z.string().trim().min(1).max(200).describe('Who it is about: the value of the column, in clear.'),
  column: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/)
    .optional()
    .describe('Which column knows the subject; the entity’s key when left out.'),
  dryRun: z.boolean().default(false).describe('Only count what would be removed.'),
  by: z.string().trim().min(1).max(200).describe('Who asks.'),
  why: z
    .string()
    .trim()
    .min(1)
    .max(1_000)
    .describe('Recorded with the request. Do not name the subject here.'),
})

/** Asks to delete what an entity holds of one subject; neither the event nor the answer nor the ledger names it. */
export async function forget(effects: ForgetEffects, entity: string, body: z.infer<typeof forgetBody>) {
  const declared = Object.hasOwn(effects.project.entities, entity) && effects.project.entities[entity]
  if (!declared) throw new NotFoundError(`there is no entity "${entity}"`)
  const { key: value, by, why, dryRun } = body
  const [own, ...more] = declared.key
  const column = body.column ?? (more.length === 0 ? own : undefined)
  if (!column)
    throw new BadBody([
      `column: a row of ${entity} is known by ${declared.key.join(' and ')}; name one column`,
    ])
  if (!declared.columns.some(({ name }) => name === column))
    throw new BadBody([`column: ${entity} has no column ${column}`])
  if (declared.classified && Object.hasOwn(declared.classified, column))
    throw new Conflict(`${column} is ${declared.classified[column]}: silver may not show it, so ask by an id`)
  if (why.includes(value)) throw new BadBody(['why: it is recorded, so it must not name the subject'])
  const requestId = effects.clock.newId()
  await effects.subjects.writeOnce(subjectPath(requestId), { value })
  return accepted(effects, {
    name: ForgetRequested.name,
    detail: { entity, requestId, column, dryRun, by, why },
  })
}
