/**
 * Machine-made mutants of the decision code: `npm run mutate`, or `npm run mutate -- --mutate shared/lane.ts` for one
 * file. Adapters (handlers, SDK clients) are not mutated: the emulator's tests and the acceptance run judge those.
 */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutants/vitest.config.ts' },
  plugins: ['@stryker-mutator/vitest-runner'],
  mutate: ['shared/inputs.ts'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // TypeScript 7 has no JavaScript interface, and nothing here needs the rewritten file that Stryker would make of it.
  tsconfigFile: 'none',
  ignorePatterns: [
    '/*',
    '!/events',
    '!/functions',
    '!/shared',
    '!/cli',
    '!/tools',
    '!/test',
    '!/package.json',
    '!/tsconfig.json',
    '/test/python',
    '/test/oracle',
    '/test/emulator',
  ],
  tempDirName: '.sluice/stryker',
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: '.sluice/mutants/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
}
