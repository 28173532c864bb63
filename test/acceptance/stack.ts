import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { awsEnvironment, type Deployed, deployLocally } from '../../tools/start/deploy.js'
import { buildImages, fetchSparkJars, freePort, startLocalAws } from '../../tools/start/local-aws.js'

// The SDK warns on every start that Node 20 is supported until January 2027; package.json says which Node it takes.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

export interface Stack {
  endpoint: string
  /** The folder below which this local AWS writes everything. */
  state: string
  /** The deployed stack as the variables of `.sluice/local.env`. */
  env: Deployed
  seconds: { start: number; images: number; deploy: number }
  stop(): Promise<void>
}

export interface StackOptions {
  padSeconds?: number
  engine?: 'auto' | 'duckdb' | 'spark'
  /** Further options of the launcher, and further parameters of the template. */
  launcher?: string[]
  parameters?: Record<string, string>
}

/**
 * A local AWS of its own on a free port with the packaged template deployed to it, and the clients of this process
 * pointed at it. Its state lies outside the repository, whose package.json would make Node read bundles as modules.
 */
export async function startStack(given: StackOptions = {}): Promise<Stack> {
  const { padSeconds = 0, engine = 'auto', launcher = [], parameters } = given
  // A run at half past the hour must see what every other sees.
  const more = ['--schedules', 'by-hand', ...launcher]
  const state = mkdtempSync(`${tmpdir()}/sluice-acceptance-`)
  shareBuilt(state, ['images', 'spark'])
  const clock = stopwatch()
  const aws = await startLocalAws(ROOT, { port: await freePort(), padSeconds, state, more })
  const stop = async () => {
    await aws.stop()
    if (!process.env.SLUICE_KEEP_STATE) rmSync(state, { recursive: true, force: true })
  }
  try {
    const start = clock()
    const environment = awsEnvironment(aws.endpoint)
    Object.assign(process.env, environment)
    if (engine === 'spark' || parameters?.sparkFromBytes) await fetchSparkJars(ROOT, state)
    const images = await buildImages(ROOT, state)
    const imagesSeconds = clock()
    const env = await deployLocally(ROOT, { engine, parameters }, images, environment)
    Object.assign(process.env, env)
    return {
      endpoint: aws.endpoint,
      state,
      env,
      stop,
      seconds: { start, images: imagesSeconds, deploy: clock() },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Images and Spark's jars are named by their content: what `npm start` made serves here too, and the other way round. */
function shareBuilt(state: string, names: string[]): void {
  writeFileSync(`${state}/package.json`, '{}\n')
  for (const name of names) {
    mkdirSync(`${ROOT}/.sluice/${name}`, { recursive: true })
    if (!existsSync(`${state}/${name}`)) symlinkSync(`${ROOT}/.sluice/${name}`, `${state}/${name}`)
  }
}

/** Seconds since the call before, rounded to tenths. */
function stopwatch(): () => number {
  let last = performance.now()
  return () => {
    const now = performance.now()
    const seconds = Math.round((now - last) / 100) / 10
    last = now
    return seconds
  }
}
