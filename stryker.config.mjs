/**
 * Machine-made mutants of the decision code: `npm run mutate`, or `npm run mutate -- --mutate shared/lane.ts` for one
 * file. Adapters (handlers, SDK clients) are not mutated: the emulator's tests and the acceptance run judge those.
 * What survives and cannot be told from the original is listed, with its reason, in test/mutants/equivalent.md.
 */
export default {
  testRunner: 'in-process',
  plugins: ['./test/mutants/runner/plugin.mjs'],
  mutate: [
    'shared/{lane,claim,run,start-run,end-run,fail-run,finish-task,cleanse,build,inputs}.ts',
    'shared/{policies,put-back,tokens,classify}.ts',
    'shared/{modes,pending,news,arrivals,build-report,quality,dashboards}.ts',
    'shared/{engines,compact,compact-end,finish-work,forget}.ts',
    'shared/{cleanse-gate,extract,extract-end,waiting,editions,gold-tables,fates,stage}.ts',
    'shared/{correlation,warehouse,bounds}.ts',
    'shared/schema/changes.ts',
    'shared/backfill/*.ts',
    'shared/doors/{sync,drive-sync,confirm,mapped}.ts',
    'shared/health/*.ts',
    'shared/alerts/*.ts',
    'functions/{1,2,3,4}-*/*/*.ts',
    'functions/operate/*/*.ts',
    '!functions/**/handler.ts',
  ],
  coverageAnalysis: 'perTest',
  // A loaded machine must not pass for a killed mutant.
  timeoutMS: 20_000,
  timeoutFactor: 3,
  concurrency: 2,
  // A mutant is asked again only when its code or a test that reaches it has changed.
  incremental: true,
  incrementalFile: '.sluice/mutants/incremental.json',
  // TypeScript 7 has no JavaScript interface, and nothing here needs the rewritten file that Stryker would make of it.
  tsconfigFile: 'none',
  ignorePatterns: [
    '/*',
    ...['events', 'functions', 'shared', 'cli', 'tools', 'test', 'docs', 'infra', '*.json', '*.yml'].map(
      (kept) => `!/${kept}`,
    ),
    ...['python', 'oracle', 'emulator', 'acceptance', 'template'].map((folder) => `/test/${folder}`),
  ],
  tempDirName: '.sluice/stryker',
  reporters: ['progress-append-only', 'clear-text', 'json'],
  jsonReporter: { fileName: '.sluice/mutants/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  thresholds: { high: 95, low: 85, break: 85 },
}
