// The set-up before `npm start` and `npm test`: Node packages and a Python environment, both by lock file. It needs
// nothing but Node itself, says what it does, and does nothing twice.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const NODE_MIN = [20, 19]
const PYTHON_MIN = [3, 11]

const stop = (message) => {
  process.stderr.write(`\n  ${message}\n\n`)
  process.exit(1)
}
const isAtLeast = ([major, minor], [needMajor, needMinor]) =>
  major > needMajor || (major === needMajor && minor >= needMinor)

function checkNode() {
  const version = process.versions.node.split('.').map(Number)
  if (isAtLeast(version, NODE_MIN)) return
  stop(`Sluice needs Node ${NODE_MIN.join('.')} or newer; this is ${process.versions.node}.`)
}

/** The first Python of the path that is new enough. */
function findPython() {
  const seen = []
  for (const name of ['python3', 'python3.13', 'python3.12', 'python3.11', 'python']) {
    const answer = spawnSync(name, ['-c', 'import sys; print(*sys.version_info[:3])'], { encoding: 'utf8' })
    if (answer.status !== 0) continue
    const version = answer.stdout.trim().split(' ').map(Number)
    if (isAtLeast(version, PYTHON_MIN)) return name
    seen.push(`${name} ${version.join('.')}`)
  }
  const found = seen.length > 0 ? `found only ${seen.join(', ')}` : 'found none'
  return stop(`Sluice needs Python ${PYTHON_MIN.join('.')} or newer on the path; ${found}.`)
}

/** Does a step unless its stamp says that it was done for this very lock file. */
function once(title, lock, stamp, work) {
  const hash = createHash('sha256')
    .update(readFileSync(`${root}${lock}`))
    .digest('hex')
  if (existsSync(`${root}${stamp}`) && readFileSync(`${root}${stamp}`, 'utf8') === hash) return
  process.stdout.write(`  set-up   ${title} by ${lock} … `)
  const begun = performance.now()
  work()
  writeFileSync(`${root}${stamp}`, hash)
  process.stdout.write(`${((performance.now() - begun) / 1_000).toFixed(0)} s\n`)
}

function run(command, args) {
  try {
    execFileSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 1 << 28 })
  } catch (error) {
    stop(`This failed: ${command} ${args.join(' ')}\n\n${String(error.stderr ?? error).slice(-3_000)}`)
  }
}

checkNode()
const python = findPython()
once('Node packages', 'package-lock.json', 'node_modules/.set-up', () =>
  run('npm', ['ci', '--no-audit', '--no-fund']),
)
once('Python environment', 'requirements.lock', '.venv/.set-up', () => {
  rmSync(`${root}.venv`, { recursive: true, force: true })
  run(python, ['-m', 'venv', '.venv'])
  run('.venv/bin/python', ['-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', 'requirements.lock'])
})
