import { table } from '../../cli/render.js'
import type { Told } from './faults.js'
import { type Item, runsOf } from './rest.js'

export interface Report {
  seed: number
  files: number
  /** Files that landed, those that landed again among them. */
  landed: number
  seconds: { landing: number; underFaults: number; toRestAfterwards: number }
  injected: Record<string, { chances: number; struck: number }>
  healed: Record<string, number>
  /** In words; none when gold is right and nothing is there twice. */
  differences: string[]
  ok: boolean
}

/** What the ledger tells of how the pipeline went on in spite of the faults. */
export function healed(items: Item[], putBack: number): Record<string, number> {
  const runs = runsOf(items)
  const of = (kind: string) => runs.filter((run) => run.kind === kind)
  const failures = runs.flatMap((run) => (run.failures ?? []) as { failureClass: string }[])
  const classes = Object.fromEntries(
    [...new Set(failures.map(({ failureClass }) => failureClass))]
      .sort()
      .map((name) => [
        `attempts ended by ${name}`,
        failures.filter((one) => one.failureClass === name).length,
      ]),
  )
  return {
    'cleanse runs': of('cleanse').length,
    'build runs': of('build').length,
    'runs with more than one attempt': runs.filter(({ attempt }) => attempt > 1).length,
    'runs by Spark': runs.filter(({ engine }) => engine === 'spark').length,
    ...classes,
    'parked runs put back': putBack,
    incidents: items.filter(({ PK, SK }) => PK.startsWith('INCIDENT#') && SK === 'META').length,
  }
}

/** The report for people. */
export function reportText(report: Report, struck: Told['struck']): string {
  const { injected, seconds } = report
  const answered = struck.filter(({ answered }) => answered).length
  const rows = Object.entries(injected).map(([fault, { chances, struck }]) => [
    fault,
    struck,
    chances || null,
    chances ? `${((100 * struck) / chances).toFixed(1)} %` : null,
  ])
  const verdict = report.ok
    ? 'gold equals the independent computation, and nothing is there twice'
    : report.differences.map((one) => `DIFFERENCE: ${one}`).join('\n  ')
  return [
    `\nInjected (seed ${report.seed}; ${answered} handlers were killed after their work, before their answer)\n`,
    table(['fault', 'struck', 'of', 'share'], rows),
    'Healed\n',
    table(['what', 'count'], Object.entries(report.healed)),
    `  ${report.landed} files landed in ${seconds.landing} s; ${seconds.underFaults} s under faults, at rest ` +
      `${seconds.toRestAfterwards} s after they ended\n`,
    `  ${verdict}\n`,
  ].join('\n')
}
