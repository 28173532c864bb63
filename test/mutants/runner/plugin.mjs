import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core'
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import { determineHitLimitReached, toMutantRunResult } from '@stryker-mutator/api/test-runner'
import { compile, run } from './harness.mjs'
import { environment, testFiles } from './tests.mjs'

/**
 * A test runner for Stryker that keeps one process for all mutants. Its own runner for vitest starts a worker and
 * imports every module anew for each mutant: about one second of processor time, where the tests need milliseconds.
 */
class InProcess {
  async init() {
    Object.assign(process.env, environment)
    this.root = process.cwd()
    this.evaluate = await compile(this.root, testFiles(this.root))
    this.namespace = globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {}
  }

  /** Every run evaluates all modules afresh, so a mutant of code that runs while it is loaded is seen too. */
  capabilities() {
    return { reloadEnvironment: true }
  }

  async dryRun() {
    const { namespace } = this
    Object.assign(namespace, { activeMutant: undefined, mutantCoverage: undefined, hitLimit: undefined })
    const results = await run(this.evaluate(), {
      onTest: (id) => Object.assign(namespace, { currentTestId: id }),
      onTested: () => Object.assign(namespace, { currentTestId: undefined }),
    })
    return { status: 'complete', tests: results.map(asTest), mutantCoverage: namespace.mutantCoverage }
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation, disableBail }) {
    const { namespace } = this
    const activate = () => Object.assign(namespace, { activeMutant: activeMutant.id })
    Object.assign(namespace, { activeMutant: undefined, currentTestId: undefined, hitLimit, hitCount: 0 })
    if (mutantActivation === 'static') activate()
    const files = this.evaluate()
    const wanted = testFilter && new Set(testFilter)
    const needed = Object.entries(files).filter(
      ([name]) => !wanted || testFilter.some((id) => id.startsWith(`${name}#`)),
    )
    const results = await run(Object.fromEntries(needed), {
      wanted,
      bail: !disableBail,
      onCollected: activate,
    })
    const reached = determineHitLimitReached(namespace.hitCount, hitLimit)
    return toMutantRunResult(reached ?? { status: 'complete', tests: results.map(asTest) })
  }
}

/** Stryker's words for a result: 0 is success, 1 failure. */
const asTest = ({ id, name, file, error, duration }) => ({
  ...{ id, name, fileName: file, timeSpentMs: duration, status: error === undefined ? 0 : 1 },
  ...(error !== undefined && { failureMessage: error }),
})

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcess)]
