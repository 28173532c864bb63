// `npm test`: every check and every test. Three steps run side by side, what takes longest first; in the end the
// simulated seeds have both cores.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const results = '.sluice/test'
const bin = (name) => `node_modules/.bin/${name}`
const python = (name) => `.venv/bin/${name}`
const say = (line) => process.stdout.write(`${line}\n`)

const vitest = (project, ...before) => ({
  title: `vitest ${project}`,
  command: [...before, bin('vitest'), 'run', '--project', project, '--reporter=default', '--reporter=json'],
  options: [`--outputFile.json=${results}/vitest-${project}.json`],
  count: () => countVitest(`${root}${results}/vitest-${project}.json`),
})
const pytest = (title, ...paths) => ({
  title: `pytest ${title}`,
  command: [python('pytest'), ...paths, '-m', 'not full', '--durations=5'],
  options: [`--junit-xml=${results}/pytest-${title}.xml`],
  count: () => countPytest(`${root}${results}/pytest-${title}.xml`),
})
const folder = (name) => `test/python/${name}`
const check = (title, ...command) => ({
  title,
  command,
  options: [],
  count: () => ({ passed: 0, failed: 0, skipped: 0 }),
})

/** About half of what the tests of dbt take; what is not named here runs in the other half. */
const RETRIES = ['retry', 'targets', 'warehouse'].map((name) => `${folder('dbt')}/test_${name}.py`)
/** Its trees live to the end: looking through them for garbage takes a fifth of its time. */
const SQLFLUFF = 'import gc; gc.disable(); from sqlfluff.cli.commands import cli; cli(prog_name="sqlfluff")'

/**
 * Taken in this order, a row at a time. The steps of one row follow each other: both package the service, and two
 * packagings at once in one checkout wait for each other.
 */
const rows = [
  [vitest('acceptance'), vitest('template')],
  [pytest('dbt', folder('dbt'), ...RETRIES.map((path) => `--ignore=${path}`))],
  [pytest('dbt retries', ...RETRIES)],
  [pytest('local', folder('local'))],
  [pytest('jobs', folder('jobs'))],
  [pytest('spark', folder('spark'))],
  [pytest('extract', folder('extract'))],
  [vitest('unit')],
  [vitest('emulator')],
  [check('sqlfluff', python('python'), '-c', SQLFLUFF, 'lint', 'dbt_project/models', 'dbt_project/tests')],
  [pytest('samples', folder('samples'))],
  [check('types', bin('tsc'))],
  [check('biome', bin('biome'), 'check', '--error-on-warnings', '.')],
  [check('ruff', python('ruff'), 'check', '.')],
  [check('ruff format', python('ruff'), 'format', '--check', '.')],
]
/** One more than cores: the longest steps wait for tasks and servers a third of their time. */
const AT_ONCE = 3

/** Nobody waits for it: it takes what the lanes leave of both cores while they wait for something. */
const aside = vitest('bugs', 'nice', '-n', '10')
/** At the end, with both cores to itself: how fast seeds run is a bar of its own, and two workers need no third lane. */
const last = vitest('simulation', process.execPath, '--single-threaded-gc')

function countVitest(file) {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(file, 'utf8'))
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests }
}

function countPytest(file) {
  const text = readFileSync(file, 'utf8')
  const number = (name) => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(text)?.[1] ?? 0)
  const failed = number('failures') + number('errors')
  const reasons = [...text.matchAll(/<skipped [^>]*\bmessage="([^"]*)"/g)].map(([, reason]) => reason)
  return { passed: number('tests') - failed - number('skipped'), failed, skipped: number('skipped'), reasons }
}

/** Runs a command and says what it used of the processors, with all that it waited for, on a pipe of its own. */
const TIMED = '"$@" 3>&-; code=$?; times >&3; exit $code'

/** Seconds of processors by the second line of `times`, which is of the children: `1m2.50s 0m3.20s`. */
function cpuSeconds(times) {
  const both = [...(times.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)]
  return both.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0)
}

/** Runs one step with its output kept until it ends, so that the lanes do not mix their lines. */
function run({ title, command, options, count }) {
  const begun = performance.now()
  const child = spawn('sh', ['-c', TIMED, 'sh', ...command, ...options], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let [output, times] = ['', '']
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  child.stdio[3].on('data', (chunk) => (times += chunk))
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const counts = counted(count, code)
      const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
      const cpu = cpuSeconds(times).toFixed(1)
      const tests =
        counts.passed + counts.failed > 0 ? `${counts.passed} passed, ${counts.failed} failed` : ''
      const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
      say(
        `  ${code === 0 ? 'ok    ' : 'FAILED'} ${title.padEnd(20)} ${`${tests}${skipped}`.padEnd(32)} ${seconds.padStart(6)} s, cpu ${cpu.padStart(5)} s`,
      )
      if (code !== 0) say(output)
      resolve({ title, ...counts })
    })
  })
}

/** The tests that a step counted; a step that failed without counting one counts as one failure. */
function counted(count, code) {
  try {
    const counts = count()
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

rmSync(`${root}${results}`, { recursive: true, force: true })
mkdirSync(`${root}${results}`, { recursive: true })
const all = []
const runInTurn = async (steps) => {
  for (const step of steps) all.push(await run(step))
}
const takeRows = async () => {
  for (let row = rows.shift(); row; row = rows.shift()) await runInTurn(row)
}
say('\nTests\n')
await Promise.all([...Array.from({ length: AT_ONCE }, takeRows), runInTurn([aside])])
await runInTurn([last])
// A green run must not hide what this machine could not test.
for (const { title, reasons = [] } of all)
  for (const reason of new Set(reasons))
    say(`\nNOT TESTED  ${reasons.filter((one) => one === reason).length} of ${title}: ${reason}`)
const sum = (name) => all.reduce((total, counts) => total + counts[name], 0)
say(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exitCode = sum('failed') > 0 ? 1 : 0
