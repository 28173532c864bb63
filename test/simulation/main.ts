// `npm run simulate -- --seeds N --start S [--workers W] [--trace] [--only <fault,..>] [--without <fault,..>] [--learn]`
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle, folder } from './bundle.js'
import { hitsOf, learn, rareHitsOf, readMeans } from './cells.js'
import { FAULTS, type Fault } from './effect.js'
import { BARS, type Worst } from './measures.js'
import type { Summary } from './run-seeds.js'
import { simulate } from './simulate.js'

const say = (line: string) => process.stdout.write(`${line}\n`)
const SHOWN_MAX = 20
/** A shorter run proves little, and must not take the place of a record. */
const RECORDED_SEEDS_MIN = 1_000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1500' },
    start: { type: 'string', default: '0' },
    workers: { type: 'string', default: '2' },
    only: { type: 'string' },
    without: { type: 'string' },
    show: { type: 'string' },
    unasked: { type: 'string' },
    trace: { type: 'boolean', default: false },
    learn: { type: 'boolean', default: false },
  },
})

function chosen(): Fault[] {
  const all = Object.keys(FAULTS) as Fault[]
  const named = (text: string) =>
    text.split(',').map((name) => {
      if (!Object.hasOwn(FAULTS, name)) throw new Error(`no fault "${name}": ${all.join(', ')}`)
      return name as Fault
    })
  const without = values.without ? named(values.without) : []
  return (values.only ? named(values.only) : all).filter((fault) => !without.includes(fault))
}

async function main(): Promise<void> {
  const [seeds, start, workers] = [Number(values.seeds), Number(values.start), Number(values.workers)]
  const faults = chosen()
  const begun = performance.now()
  const commit = committed()
  const summary = await simulate(await bundle('product'), {
    ...{
      seeds,
      start,
      faults,
      trace: values.trace,
      firstOnly: false,
      unasked: values.unasked?.split(',') ?? [],
    },
    ...(values.show !== undefined && { show: values.show }),
    workers: Math.min(workers, seeds),
    means: readMeans(),
    onLine: say,
    onDone: (done) => {
      if (done % 1_000 === 0) say(`${done} of ${seeds} seeds`)
    },
  })
  const seconds = (performance.now() - begun) / 1_000
  const text = report(summary, seconds)
  say(text)
  const head = `commit ${commit}\nseeds ${start} to ${start + seeds - 1}`
  if (seeds >= RECORDED_SEEDS_MIN) writeFileSync(join(folder, 'result.txt'), `${head}\n${text}\n`)
  if (values.learn) say(`learned ${learn(summary)} cells`)
  if (summary.violations.length > 0) process.exitCode = 1
}

/** The commit that is simulated, and whether anything in the tree differs from it. */
function committed(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no')
    return `${git('rev-parse', 'HEAD')}${changed ? ', with changes' : ''}`
  } catch {
    return 'unknown: this is no clone'
  }
}

function report(summary: Summary, seconds: number): string {
  const { seeds, steps, violations, coverage, worst } = summary
  const hits = hitsOf(summary, readMeans())
  const rare = rareHitsOf(summary, readMeans())
  const total = [...coverage.hit.values()].reduce((sum, count) => sum + count, 0)
  const rate = Math.round((60 * seeds) / seconds)
  return [
    ...found(violations),
    '',
    'the least hit of (stage, effect, fault)',
    ...hits.slice(0, SHOWN_MAX).map(({ cell, hits: count }) => `${String(count).padStart(6)}  ${cell}`),
    `${hits.length} cells, ${hits.filter((one) => one.hits < 20).length} below 20; ${total} faults in all`,
    `${rare.length} cells of calls too rare to ask for 20 hits, ${rare.filter((one) => one.hits === 0).length} of them not hit`,
    '',
    ...(Object.keys(worst) as (keyof Worst)[]).map((name) => worstLine(name, worst)),
    '',
    `${seeds} seeds, ${Math.round(steps / seeds)} steps each, ${violations.length} violations, ` +
      `${seconds.toFixed(1)} s, ${rate} seeds a minute`,
  ].join('\n')
}

/** What was found, by the invariant that found it, with some seeds of each. */
function found(violations: Summary['violations']): string[] {
  const names = [...new Set(violations.map(({ invariant }) => invariant))]
  return names.flatMap((name) => {
    const mine = violations.filter(({ invariant }) => invariant === name)
    const some = mine.slice(0, 4).map(({ seed, what }) => `    seed ${seed}: ${what}`)
    return [`VIOLATED in ${new Set(mine.map(({ seed }) => seed)).size} seeds: ${name}`, ...some]
  })
}

function worstLine(name: keyof Worst, worst: Worst): string {
  const { milliseconds, seed, what, count } = worst[name]
  const minutes = (milliseconds / 60_000).toFixed(1)
  return `${name}: noticed after ${minutes} min at worst (bar ${BARS[name] / 60_000}), of ${count}; seed ${seed}, ${what}`
}

await main()
