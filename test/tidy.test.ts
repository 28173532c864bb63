import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { catalog } from '../events/catalog.js'
import { chain } from '../events/chain.js'
import { plannedOf } from '../events/schedules.js'
import { project } from '../shared/declared.js'
import { generated } from '../tools/generate.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString()
  .split('\n')
  .filter((file) => file && existsSync(join(root, file)))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const matching = (pattern: RegExp) => tracked.filter((file) => pattern.test(file))
const lines = (file: string) => read(file).split('\n').length - 1

/** The largest number of lines that a file of a kind may have. */
const SIZES: [kind: string, files: RegExp, most: number][] = [
  ['handler', /^functions\/.*\/handler\.ts$/, 45],
  ['TypeScript source', /^(events|functions|shared|cli|tools)\/.*\.ts$/, 200],
  ['Python source', /^(jobs|containers|local|samples|test\/oracle)\/.*\.py$/, 200],
  ['test', /^test\/(?!oracle\/).*\.(ts|py)$/, 300],
  ['SQL model', /^dbt_project\/(models|macros)\/.*\.sql$/, 100],
  ['YAML', /\.ya?ml$/, 250],
]

/** What is not written in sources, and what stands in its place. */
const BANNED: [word: RegExp, files: RegExp, instead: string][] = [
  [/vi\.mock\(/, /\.ts$/, 'pass a fake'],
  [/process\.env/, /^(events|functions|shared)\/(?!.*env\.ts$).*\.ts$/, 'shared/env'],
  [/Date\.now\(|new Date\(\)/, /^(events|functions|shared)\/(?!clock\.ts$).*\.ts$/, 'shared/clock'],
  [/randomUUID\(|Math\.random\(/, /^(events|functions|shared)\/.*\.ts$/, 'shared/clock'],
  [/console\.(log|error|warn)\(/, /^(events|functions|shared)\/.*\.ts$/, 'the logger'],
  [/\bas any\b/, /\.ts$/, 'a type'],
  [/\b(FIXME|TODO)\b/, /\.(ts|py|sql|ya?ml|mjs|cjs)$/, 'the work itself'],
  [/setTimeout\(/, /^test\/.*\.test\.ts$/, 'polling with a bound'],
]

describe('the repository', () => {
  it.each(SIZES)('keeps every %s within its size', (_, files, most) => {
    const long = matching(files).flatMap((file) =>
      lines(file) > most ? [`${file}: ${lines(file)} of ${most}`] : [],
    )
    expect(long).toEqual([])
  })

  it.each(BANNED)('never writes %s in %s: there is %s', (word, files) => {
    const found = matching(files).filter((file) => file !== 'test/tidy.test.ts' && word.test(read(file)))
    expect(found).toEqual([])
  })

  it('has no file or folder that is named for being left over', () => {
    const vague = /(^|\/)(utils?|helpers?|common|misc)(\/|\.|$)/
    expect(tracked.filter((file) => vague.test(file))).toEqual([])
  })

  it('keeps generated files fresh: run `npm run generate`', () => {
    for (const [file, content] of Object.entries(generated())) expect(read(file), file).toBe(content)
  })

  it('links only to what exists', () => {
    const broken = matching(/\.md$/).flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)].flatMap(([, target]) =>
        existsSync(join(root, dirname(file), target as string)) ? [] : [`${file}: ${target}`],
      ),
    )
    expect(broken).toEqual([])
  })

  it('names no machine’s path and no download host in a lock file', () => {
    const paths = matching(/\.(ts|mjs|cjs|py|md|ya?ml|json|sql|toml)$/).filter((file) =>
      /(^|[\s"'`(=])\/(home|root|work|Users)\//.test(read(file)),
    )
    expect(paths).toEqual([])
    for (const file of matching(/(package-lock\.json|requirements.*\.lock)$/)) {
      expect(read(file), file).not.toMatch(
        /"resolved"|--index-url|https?:\/\/[^"\s]*(pypi|npmjs|pythonhosted)/,
      )
    }
  })
})

/** Stages that take in the end of work decide alike, whatever the work was. */
const SHARED_DECISIONS: Record<string, string> = {
  'finish-build': 'shared/finish-task.ts',
  'finish-cleanse': 'shared/finish-work.ts',
  'finish-compaction': 'shared/finish-work.ts',
}

describe('the chain', () => {
  it('has a folder of one shape for each stage, and no other stage folder', () => {
    const handlers = matching(/^functions\/[^/]+\/[^/]+\/handler\.ts$/).map((file) => file.split('/')[2])
    expect(handlers.sort()).toEqual(chain.map(({ stage }) => stage).sort())
    for (const handler of matching(/^functions\/.*\/handler\.ts$/)) {
      const stage = handler.split('/')[2]
      const decision = SHARED_DECISIONS[String(stage)] ?? join(dirname(handler), `${stage}.ts`)
      expect(tracked, handler).toContain(decision)
    }
  })

  it('keeps the AWS SDK out of decisions', () => {
    const decisions = matching(/^functions\/.*\.ts$/).filter(
      (file) => !/(handler|athena|token)\.ts$/.test(file),
    )
    expect(decisions.filter((file) => read(file).includes('@aws-sdk'))).toEqual([])
  })

  it('spells the names of its events in events/ only', () => {
    const names = catalog.map(({ name }) => name)
    const sources = matching(/^(functions|shared)\/.*\.ts$/)
    const spelled = sources.filter((file) => names.some((name) => read(file).includes(`'${name}'`)))
    expect(spelled).toEqual([])
  })

  it('emits nothing that nobody knows, and every event of the catalog has a stage, or a schedule, that emits it', () => {
    const byClock = plannedOf(project).map(({ event }) => event)
    const emitted = new Set<string>([...chain.flatMap(({ emits = [] }) => emits), ...byClock])
    expect([...emitted].sort()).toEqual(catalog.map(({ name }) => name).sort())
  })
})
