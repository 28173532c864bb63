import { relative } from 'node:path'
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core'
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import { determineHitLimitReached, toMutantRunResult } from '@stryker-mutator/api/test-runner'
import { compile, run } from './harness.mjs'
import { environment, length, testFiles } from './tests.mjs'

/**
 * A test runner for Stryker that keeps one process for all mutants. Its own runner for vitest starts a worker and
 * imports every module anew for each mutant: about one second of processor time, where the tests need milliseconds.
 */
class InProcess {
  async init() {
    Object.assign(process.env, environment)
    this.root = process.cwd()
    Object.assign(this, await compile(this.root, testFiles(this.root)))
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

  /** Asks the tests of one file after the other, the nearest to the mutant first, until one fails. */
  async mutantRun({ activeMutant, sandboxFileName, testFilter, hitLimit, mutantActivation, disableBail }) {
    const { namespace } = this
    const isStatic = mutantActivation === 'static'
    const activate = (id) => Object.assign(namespace, { activeMutant: id })
    Object.assign(namespace, { currentTestId: undefined, hitLimit, hitCount: 0 })
    activate(isStatic ? activeMutant.id : undefined)
    const loaders = this.evaluate()
    const wanted = testFilter && new Set(testFilter)
    const results = []
    for (const file of this.filesFor(sandboxFileName, testFilter)) {
      if (!disableBail && results.some(({ error }) => error !== undefined)) break
      if (!isStatic) activate(undefined)
      const onCollected = () => activate(activeMutant.id)
      results.push(...(await run({ [file]: loaders[file] }, { wanted, bail: !disableBail, onCollected })))
    }
    const reached = determineHitLimitReached(namespace.hitCount, hitLimit)
    return toMutantRunResult(reached ?? { status: 'complete', tests: results.map(asTest) })
  }

  /** Only a test file that imports the mutated one, over however many others, can tell the mutant from the original. */
  filesFor(fileName, testFilter) {
    const distances = this.distances(relative(this.root, fileName))
    if (distances.size === 0) throw new Error(`no test file imports ${fileName}`)
    const asked = testFilter && new Set(testFilter.map((id) => id.slice(0, id.indexOf('#'))))
    return [...distances.keys()]
      .filter((file) => !asked || asked.has(file))
      .sort((one, other) => length(one) - length(other) || distances.get(one) - distances.get(other))
  }
}

/** Stryker's words for a result: 0 is success, 1 failure. */
const asTest = ({ id, name, file, error, duration }) => ({
  ...{ id, name, fileName: file, timeSpentMs: duration, status: error === undefined ? 0 : 1 },
  ...(error !== undefined && { failureMessage: error }),
})

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcess)]
