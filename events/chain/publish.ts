import * as ours from '../catalog.js'
import { on, type Row } from '../row.js'

/** Gold becomes what readers see. */
export const publish: readonly Row[] = [
  {
    stage: 'publish-gold',
    phase: 'publish',
    does: 'flips each domain’s pointer to the new edition, or back where a person asks, then the catalog tables',
    on: [on(ours.GoldBuilt), on(ours.RollbackRequested)],
    emits: [ours.GoldPublished.name],
    may: ['ledger:lane', 'reports:read', 'gold-tables:write'],
  },
  {
    stage: 'warm-cache',
    phase: 'publish',
    does: 'precomputes what dashboards read of an edition, which the API then serves at once',
    on: [on(ours.GoldPublished), { everyMinutes: 15 }],
    may: ['ledger:get', 'ledger:put', 'gold:query', 'dashboards:write'],
  },
  {
    stage: 'expire-editions',
    phase: 'publish',
    does: 'lets go of editions beyond count and age, and deletes their files after the grace',
    on: [{ schedules: 'editions' }, on(ours.ExpiryRequested)],
    may: ['ledger:lane', 'gold:expire'],
  },
]
