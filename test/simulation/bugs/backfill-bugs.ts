import { type Bug, one } from './bug.js'

const DRIVE = 'shared/backfill/drive.ts'
const STEP = 'shared/backfill/step.ts'

/** What a backfill could do wrong. */
export const backfillBugs: readonly Bug[] = [
  one(
    'a step of a backfill is written over another one',
    DRIVE,
    "when: [is('version', before.version)] },",
    'when: [] },',
  ),
  one(
    'a chunk whose request was lost is not asked for again',
    DRIVE,
    "else if (isNew || fate?.is === 'unheard')",
    'else if (isNew)',
  ),
  {
    name: 'a paused backfill lets chunks go',
    planted: [
      {
        file: STEP,
        find: "backfill.state === 'running' ? release(",
        replace: "backfill.state !== 'done' ? release(",
      },
      {
        file: DRIVE,
        find: 'isRunning ? await roomOf(',
        replace: "before.state !== 'done' ? await roomOf(",
      },
    ],
  },
]
