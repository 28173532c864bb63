import * as z from 'zod'
import { envelope, GoldBuilt, RollbackRequested } from '../../../events/catalog.js'

/** What wakes the stage: a build that passed, and a person who wants an earlier edition back. */
export const waking = z.discriminatedUnion('detail-type', [envelope(GoldBuilt), envelope(RollbackRequested)])
