import { BadInput } from '../../../shared/errors.js'
import type { Retention } from './expire-editions.js'

/** Athena ends a query after 30 minutes (service quotas, DML query timeout); a later setting may be longer. */
const GRACE_SECONDS_MIN = 3_600
const DAY_SECONDS = 24 * 3_600

/** The retention of a stage from its settings, which are texts. Throws `BadInput` for one that would hurt readers. */
export function retentionOf(given: { kept: string; days: string; graceSeconds: string }): Retention {
  const kept = Number(given.kept)
  const days = Number(given.days)
  const graceSeconds = Number(given.graceSeconds)
  const problems = [
    !(Number.isInteger(kept) && kept >= 1) && `editionsKept: a whole number from 1 on, not "${given.kept}"`,
    !(days >= 0) && `editionsKeptDays: a number of days, not "${given.days}"`,
    !(graceSeconds >= GRACE_SECONDS_MIN) &&
      `editionsGraceSeconds: ${GRACE_SECONDS_MIN} at least, longer than the longest query, not "${given.graceSeconds}"`,
  ].filter((problem) => problem !== false)
  if (problems.length > 0) throw new BadInput('the retention of editions is wrong', problems)
  return { kept, keptSeconds: days * DAY_SECONDS, graceSeconds }
}
