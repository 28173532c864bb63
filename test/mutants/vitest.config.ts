import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** The tests that judge a mutant: the units of the decision code, and a fixed small number of simulated seeds. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/{shared,functions,mutants,simulation}/**/*.test.ts'],
    // It runs the chain while it is loaded, which Stryker can tie to no test: every mutant would run every test. The
    // simulator does the same and more.
    exclude: ['test/shared/chain-crashes.test.ts', 'test/simulation/invariants/**'],
    env: { POWERTOOLS_LOG_LEVEL: 'SILENT', SLUICE_SEEDS: '60' },
    testTimeout: 30_000,
  },
})
