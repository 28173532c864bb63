import type { Bug } from './bugs.js'

const DRIVE = 'shared/backfill/drive.ts'
const STEP = 'shared/backfill/step.ts'

/** What a backfill could do wrong. */
export const backfillBugs: readonly Bug[] = [
  {
    name: 'a step of a backfill is written over another one',
    planted: [{ file: DRIVE, find: "when: [is('version', before.version)] },", replace: 'when: [] },' }],
  },
  {
    name: 'a chunk whose request was lost is not asked for again',
    planted: [{ file: DRIVE, find: "else if (isNew || fate?.is === 'unheard')", replace: 'else if (isNew)' }],
  },
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
