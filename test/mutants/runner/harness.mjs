import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { build } from 'esbuild'

/**
 * Runs vitest's tests in this process: everything is bundled and compiled once, and evaluated anew for each run. The
 * suites are run by vitest's own runner and judged by its own matchers, so a test means what it means under vitest.
 */
const require = createRequire(import.meta.url)
const ofVitest = createRequire(require.resolve('vitest/package.json'))
const load = (name) => import(pathToFileURL(ofVitest.resolve(name)).href)
const chai = await load('chai')
const { JestAsymmetricMatchers, JestChaiExpect, JestExtend } = await load('@vitest/expect')
const runner = await load('@vitest/runner')
for (const matchers of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(matchers)

/** Of vitest's snapshots only the comparison: a mutant never writes one. Paths are those from the test's file. */
chai.use(({ Assertion }) =>
  Assertion.addMethod('toMatchFileSnapshot', function (path) {
    const { filepath } = runner.getCurrentTest().file
    const kept = readFileSync(join(process.cwd(), dirname(filepath), path), 'utf8')
    new Assertion(this._obj).to.equal(kept)
  }),
)

const { afterAll, afterEach, beforeAll, beforeEach, describe, it, suite, test } = runner
/** What a test file finds when it imports `vitest`. */
const standIn = { afterAll, afterEach, beforeAll, beforeEach, describe, it, suite, test, expect: chai.expect }

const CONFIG = {
  ...{ setupFiles: [], passWithNoTests: true, allowOnly: false, retry: 0, maxConcurrency: 1, tags: [] },
  ...{ testTimeout: 30_000, hookTimeout: 30_000, includeTaskLocation: false, strictTags: false },
  sequence: { shuffle: false, concurrent: false, seed: 1, hooks: 'stack', setupFiles: 'list' },
}

/**
 * Bundles these test files. `evaluate` evaluates all modules afresh and gives each file's loader by its name;
 * `distances` gives how many imports lie between a file and each of the test files that import it at all.
 */
export async function compile(root, files) {
  const entry = files.map(
    (file) => `  ${JSON.stringify(file)}: () => require(${JSON.stringify(join(root, file))}),`,
  )
  const { metafile, outputFiles } = await build({
    stdin: { contents: `export const files = {\n${entry.join('\n')}\n}`, resolveDir: root },
    ...{
      bundle: true,
      write: false,
      metafile: true,
      absWorkingDir: root,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      packages: 'external',
    },
    plugins: [ownPlaces],
    logLevel: 'error',
  })
  const code = `(function (require, module, exports) {${outputFiles[0].text}\n})`
  const script = new Script(code, { filename: join(root, 'mutants.cjs') })
  const fromRoot = createRequire(join(root, 'package.json'))
  const find = (name) => (name === 'vitest' ? standIn : fromRoot(name))
  const evaluate = () => {
    const module = { exports: {} }
    script.runInThisContext()(find, module, module.exports)
    return module.exports.files
  }
  const reached = new Map(files.map((file) => [file, distancesFrom(file, metafile.inputs)]))
  const distances = (path) =>
    new Map(
      files.flatMap((file) => (reached.get(file).has(path) ? [[file, reached.get(file).get(path)]] : [])),
    )
  return { evaluate, distances }
}

/** How many imports away each module is that a file leads to. */
function distancesFrom(file, modules) {
  const distances = new Map([[file, 0]])
  for (const [from, distance] of distances)
    for (const { path, external } of modules[from].imports)
      if (!external && !distances.has(path)) distances.set(path, distance + 1)
  return distances
}

/** A module that asks where it lies hears it, though it lies in a bundle now. */
const ownPlaces = {
  name: 'own places',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/(events|functions|shared|test|tools|cli)\/.*\.ts$/ }, async ({ path }) => {
      const { readFile } = await import('node:fs/promises')
      const text = await readFile(path, 'utf8')
      const place = JSON.stringify(pathToFileURL(path).href)
      return { contents: text.replaceAll('import.meta.url', place), loader: 'ts', resolveDir: dirname(path) }
    }),
}

/** Runs tests of the files; `wanted` is asked for each by its id, and the first failure ends the run if `bail` says so. */
export async function run(files, { wanted, bail, onCollected, onTest, onTested }) {
  const results = []
  await runner.startTests(Object.keys(files), {
    config: { root: '/', ...CONFIG },
    importFile: (path) => files[path](),
    onCollected: () => onCollected?.(),
    onBeforeRunTask(task) {
      const failed = bail && results.some(({ error }) => error !== undefined)
      if (failed || (wanted && !wanted.has(idOf(task)))) task.mode = 'skip'
    },
    onBeforeTryTask: (task) => onTest?.(idOf(task)),
    onAfterRunTask(task) {
      onTested?.()
      if (task.type !== 'test' || !task.result) return
      const { state, errors, duration = 0 } = task.result
      const error = state === 'fail' ? (errors?.[0]?.message ?? 'it failed') : undefined
      results.push({ id: idOf(task), name: nameOf(task), file: task.file.filepath, error, duration })
    },
    onAfterRunFiles(ran) {
      for (const { filepath, result } of ran)
        if (result?.state === 'fail' && result.errors?.length)
          results.push({
            id: filepath,
            name: filepath,
            file: filepath,
            error: result.errors[0].message,
            duration: 0,
          })
    },
  })
  return results
}

function nameOf(task) {
  const names = []
  for (let at = task; at && at !== task.file; at = at.suite) names.unshift(at.name)
  return names.join(' > ')
}

const idOf = (task) => `${task.file.filepath}#${nameOf(task)}`
