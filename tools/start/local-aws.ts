import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { UserError } from '../../cli/config.js'

const READY_SECONDS_MAX = 60
const STOP_MILLISECONDS_MAX = 20_000

export interface LocalAws {
  endpoint: string
  /** Stops it and waits until it is gone. */
  stop(): Promise<void>
  /** Calls back when it ends by itself. */
  onExit(then: (code: number | null) => void): void
}

/**
 * Starts the local AWS on 127.0.0.1 and waits until it serves; `more` are further options of its launcher. Throws
 * `UserError` when it says that it cannot, or nothing within 60 seconds; then nothing of it runs any more.
 */
export async function startLocalAws(
  root: string,
  options: { port: number; padSeconds: number; state: string; more?: string[]; readySeconds?: number },
): Promise<LocalAws> {
  const args = ['-m', 'local', '--port', String(options.port), '--state', options.state, '--with-parent']
  // A clock that struck during a short run would ask sources whose secrets nobody has made here.
  args.push('--schedules', 'by-hand')
  if (options.padSeconds > 0) args.push('--pad-seconds', String(options.padSeconds))
  args.push(...(options.more ?? []))
  const child = spawn(`${root}/.venv/bin/python`, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (chunk) => {
    complaint = (complaint + chunk).slice(-2_000)
  })
  const endpoint = await ready(child, () => complaint, options.readySeconds).catch(async (error) => {
    await stop(child)
    throw error
  })
  return {
    endpoint,
    onExit: (then) => child.on('exit', then),
    stop: () => stop(child),
  }
}

function ready(child: ChildProcess, complaint: () => string, seconds = READY_SECONDS_MAX): Promise<string> {
  return new Promise((resolve, reject) => {
    const give = setTimeout(
      () => reject(new UserError(`the local AWS did not start within ${seconds} s`)),
      seconds * 1_000,
    )
    child.on('exit', () => {
      clearTimeout(give)
      reject(new UserError(complaint().trim().split('\n').at(-1) ?? 'the local AWS ended at once'))
    })
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (!line.startsWith('{')) return
      const said = JSON.parse(line) as { ready?: boolean; endpoint: string }
      if (!said.ready) return
      clearTimeout(give)
      resolve(said.endpoint)
    })
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.on('exit', resolve))
  child.kill('SIGTERM')
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MILLISECONDS_MAX)
  await gone
  clearTimeout(kill)
}

/** Makes the local images and gives their digests by name. */
export async function buildImages(root: string, state: string): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)(
    `${root}/.venv/bin/python`,
    ['-m', 'local.images', 'build', '--root', root, '--state', state],
    { cwd: root, maxBuffer: 1 << 26 },
  )
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}')
}

/** Makes sure that Spark can run here: Java, and the jars that give it S3. Throws `UserError` when Java is missing. */
export async function fetchSparkJars(root: string, state: string): Promise<void> {
  const run = promisify(execFile)
  await run('java', ['-version']).catch(() => {
    throw new UserError('--engine glue needs Java 17 on the path: install it, or leave the option out')
  })
  await run(`${root}/.venv/bin/python`, ['-m', 'local.spark_jars', '--state', state], { cwd: root })
}

/** A port of 127.0.0.1 that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
