import * as z from 'zod'

/** The `source` of each event that Sluice puts on its own bus. */
export const SOURCE = 'sluice'

/** An event of ours: its name as it stands in `detail-type`, and the shape of `detail`. */
export function event<const Name extends string, Detail extends z.ZodType>(name: Name, detail: Detail) {
  return { name, detail }
}

export const runId = z.string().min(1).max(64)
/** The id that ties all that follows from one delivery, from the door to gold. */
export const correlationId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
/** Who asked for something: a person, a schedule, a program. */
export const by = z.string().min(1).max(200)
