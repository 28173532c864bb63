// The SDK warns on every start that Node 20 is supported until January 2027; package.json says which Node it takes.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { client } from '../../cli/client.js'
import { formatEnv, LOCAL_ENV, UserError } from '../../cli/config.js'
import { land } from '../../cli/land.js'
import { plural } from '../../cli/render.js'
import { step } from '../step.js'
import { awsEnvironment, type Deployed, deployLocally } from './deploy.js'
import { type Expected, needsOf, nothingExpected, together } from './expected.js'
import { atOnce } from './hands.js'
import { tellOn } from './later.js'
import { buildImages, fetchSparkJars, type LocalAws, startLocalAws } from './local-aws.js'
import { type Drop, filesToLand, HELP, type Options, readOptions, undeclaredFolders } from './options.js'
import { Servers } from './servers.js'
import { farewell, summary, writeLastRun } from './summary.js'
import { SYSTEMS } from './systems.js'
import { at, since, watch } from './watch.js'

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const STATE = `${root}/.sluice`
const say = (line = '') => process.stdout.write(`${line}\n`)

async function start(options: Options): Promise<number> {
  const drops = options.systems.length > 0 ? [] : filesToLand(options.data)
  for (const folder of undeclaredFolders(options.data)) {
    say(`  note: ${folder} is no declared source, its files are not landed`)
  }
  mkdirSync(STATE, { recursive: true })
  // Lambda unpacks bundles where no package.json rules; below this folder ours would make Node read them as modules.
  writeFileSync(`${STATE}/package.json`, '{}\n')
  say('\nSluice, on a local AWS\n')
  const aws = await step(say, {
    title: 'local AWS',
    work: () =>
      startLocalAws(root, {
        port: options.port,
        padSeconds: options.padSeconds,
        state: STATE,
        more: needsOf(options.systems).launcher,
      }),
    told: ({ endpoint }) => `${endpoint}, with IAM enforced`,
  })
  const servers = new Servers(root)
  endWith(aws, servers)
  try {
    const { failures, api, begun } = await run(options, aws, servers, drops)
    if (!options.once) await Promise.race([forever(aws), tellOn(api, begun, say)])
    return failures > 0 ? 1 : 0
  } finally {
    await Promise.all([servers.stop(), aws.stop()])
  }
}

async function run(options: Options, aws: LocalAws, servers: Servers, drops: Drop[]) {
  const environment = awsEnvironment(aws.endpoint)
  Object.assign(process.env, environment)
  if (options.engine === 'spark') {
    await step(say, {
      title: 'Spark',
      work: () => fetchSparkJars(root, STATE),
      told: () => 'Java found, S3 connector there',
    })
  }
  const images = await step(say, {
    title: 'images',
    work: () => buildImages(root, STATE),
    told: (made) => Object.keys(made).join(', '),
  })
  const { systems } = options
  const deployed = await step(say, {
    title: 'deploy',
    work: () => deployLocally(root, { ...options, ...needsOf(systems) }, images, environment),
    told: () => 'the same serverless.yml as on AWS',
  })
  writeFileSync(`${root}/${LOCAL_ENV}`, formatEnv(deployed), { mode: 0o600 })
  const api = client({
    apiUrl: deployed.SLUICE_API_URL as string,
    token: deployed.SLUICE_API_TOKEN as string,
    bronzeBucket: '',
  })
  const begun = performance.now()
  const told = (door: string, source: string, what: string) =>
    say(`${at(since(begun))}  ${door.padEnd(8)}  ${source.padEnd(14)}  ${what}`)
  say(
    systems.length > 0
      ? `\n  ${systems.join(', ')}, by ${systems.length > 1 ? 'their' : 'its'} own doors\n`
      : `\n  ${plural(drops.length, 'file')} for bronze\n`,
  )
  let expected: Expected | undefined
  const doors = { root, deployed, api, servers, told }
  const bringing =
    systems.length > 0
      ? Promise.all(systems.map((system) => SYSTEMS[system](doors))).then(together)
      : landAll(deployed, drops)
  const known = bringing.then((all) => {
    expected = all
    return all
  })
  const [watched, brought] = await Promise.all([watch(api, () => expected, begun, say), known])
  const facts = await summary(api, watched, brought)
  writeLastRun(`${STATE}/last-run.json`, facts, options)
  say(facts.text)
  if (!options.once) say(farewell)
  return { failures: facts.failures, api, begun }
}

async function landAll(deployed: Deployed, drops: Drop[]): Promise<Expected> {
  const bucket = String(deployed.SLUICE_BRONZE_BUCKET)
  await atOnce(drops, ({ source, file }) => land(bucket, source, file))
  return { ...nothingExpected, files: drops.length, domains: ['finance', 'risk'] }
}

/** Ctrl-C and a hang-up stop the local AWS and the servers too. */
function endWith(aws: LocalAws, servers: Servers): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      say('\n  stopping …')
      Promise.all([servers.stop(), aws.stop()]).finally(() => process.exit(0))
    })
  }
}

const forever = (aws: LocalAws) => new Promise<void>((resolve) => aws.onExit(() => resolve()))

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) say(HELP)
  else process.exitCode = await start(options)
} catch (error) {
  const message = error instanceof UserError ? error.message : `this failed: ${(error as Error).message}`
  process.stderr.write(`\n  ${message}\n\n`)
  process.exitCode = 1
}
