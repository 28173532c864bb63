// `npm run ferretdb`: builds FerretDB, which speaks MongoDB's protocol, from samples/servers/ferretdb by its go.sum.
// Go modules only, no Docker, no MongoDB. About three minutes the first time; nothing when it is there.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const module = `${root}samples/servers/ferretdb`
const binary = `${root}.sluice/bin/ferretdb`
const stamp = `${binary}.stamp`
const GO_MIN = [1, 24]
// Backends that are not used here, and what they would pull in.
const TAGS = 'ferretdb_no_postgresql,ferretdb_no_mysql,ferretdb_no_hana'

const say = (line) => process.stdout.write(`  ferretdb ${line}\n`)
const hash = createHash('sha256')
for (const file of ['go.sum', 'go.mod', 'main.go']) hash.update(readFileSync(`${module}/${file}`))
const wanted = hash.digest('hex')

/** Whether a Go is on the path that is new enough. */
function hasGo() {
  const version = /go(\d+)\.(\d+)/.exec(spawnSync('go', ['version'], { encoding: 'utf8' }).stdout ?? '')
  if (!version) return false
  const [major, minor] = version.slice(1).map(Number)
  return major > GO_MIN[0] || (major === GO_MIN[0] && minor >= GO_MIN[1])
}

if (existsSync(binary) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
  say('is there')
} else if (!hasGo()) {
  say(`needs Go ${GO_MIN.join('.')} or newer on the path; without it the tests that need MongoDB are skipped`)
  process.exitCode = 1
} else {
  say('is built from its Go module …')
  mkdirSync(`${root}.sluice/bin`, { recursive: true })
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-tags', TAGS, '-o', binary, '.']
  const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' }
  const built = spawnSync('go', args, { cwd: module, env, stdio: ['ignore', 'ignore', 'inherit'] })
  if (built.status === 0) {
    writeFileSync(stamp, wanted)
    say('is there')
  } else {
    process.exitCode = 1
  }
}
