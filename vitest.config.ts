import { defineConfig } from 'vitest/config'

const EMULATOR = 'test/emulator/**/*.test.ts'
const SIMULATION = 'test/simulation/*.test.ts'
const BUGS = 'test/simulation/bugs/*.test.ts'

/**
 * `unit` needs nothing but Node; `emulator` starts one local AWS for all of its files, on a free port; `template`
 * packages the service; `simulation` runs thousands of seeds; `bugs` plants bugs for it to find;
 * `acceptance` runs the whole stack, and `full` what takes longer (`npm run accept`).
 */
export default defineConfig({
  test: {
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [EMULATOR, SIMULATION, BUGS, 'test/*/full/**', 'test/acceptance/**', 'test/template/**'],
          env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'emulator',
          include: [EMULATOR],
          globalSetup: ['test/emulator/start.ts'],
          setupFiles: ['test/emulator/environment.ts'],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'template',
          include: ['test/template/*.test.ts'],
          testTimeout: 180_000,
          // One packaging for all files: two at once in one checkout would disturb each other.
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'simulation',
          include: [SIMULATION],
          env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
          // A minute of two cores, but `npm test` gives it little more than what the other steps leave.
          testTimeout: 1_800_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'bugs',
          include: [BUGS],
          env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
          // As above.
          testTimeout: 1_800_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'acceptance',
          include: ['test/acceptance/acceptance.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'full',
          include: ['test/acceptance/full/*.test.ts', 'test/simulation/full/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
