import * as ours from '../catalog.js'
import { on, type Row } from '../row.js'

/** Gold becomes what readers see. */
export const publish: readonly Row[] = [
  {
    stage: 'publish-gold',
    phase: 'publish',
    does: 'flips each domain’s pointer to the new edition, then the catalog tables',
    on: [on(ours.GoldBuilt)],
    emits: [ours.GoldPublished.name],
    may: ['ledger:get', 'ledger:put', 'ledger:update', 'reports:read', 'gold-tables:write'],
  },
]
