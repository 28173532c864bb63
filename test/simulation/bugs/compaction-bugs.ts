import { type Bug, one } from './bug.js'

const LOOK = 'functions/operate/plan-compaction/look.ts'
const END = 'shared/compact-end.ts'
const REMOVE = 'functions/operate/reconcile/remove-replaced.ts'
const FILES = 'shared/compact.ts'

/** Bugs of what moves silver to other files, and of what deletes the old ones. */
export const compactionBugs: readonly Bug[] = [
  one(
    'old files go as soon as the new ones are committed',
    END,
    'dueAt: dueAt(clock, graceSeconds) }',
    'dueAt: dueAt(clock, graceSeconds * 0) }',
  ),
  one(
    'a snapshot covers a run that its compaction has not read',
    LOOK,
    'upTo: runs.at(-1)?.ordinal ?? state.upTo,',
    'upTo: (runs.at(-1)?.ordinal ?? state.upTo) + 1,',
  ),
  one(
    'files that stay are forgotten when others of their day are put together',
    END,
    'const files = [...kept, ...placed.filter(',
    'const files = [...placed.filter(',
  ),
  one(
    'a build under way since before loses the files that it was told of',
    REMOVE,
    'run && Date.parse(run.createdAt) <= Number(at) + CLOCKS_DIFFER_MS ? `build ${run.runId}` : undefined',
    'run && Date.parse(run.createdAt) <= Number(at) + CLOCKS_DIFFER_MS ? undefined : undefined',
  ),
  one(
    'a reader goes on with a run’s own files when its day has moved',
    FILES,
    'if (!snapshot || snapshot.upTo < number)',
    'if (!snapshot || snapshot.upTo <= number)',
  ),
  one(
    'a build is not told where silver went since its database was built',
    'functions/3-transform/start-build/moved-days.ts',
    'if (known < ordinal) moved.days[entity] =',
    'if (known > ordinal) moved.days[entity] =',
  ),
]
