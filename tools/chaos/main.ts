// `npm run chaos`: the packaged service on a machine that fails on purpose, then compared with what must come out.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { UserError } from '../../cli/config.js'
import { land } from '../../cli/land.js'
import { Chain } from '../../test/acceptance/chain.js'
import { ROOT, type Stack, startStack } from '../../test/acceptance/stack.js'
import { FAULTS, setFaults, told } from './faults.js'
import { bursts, type Landing, makeFiles, seeded } from './files.js'
import { differences } from './judge.js'
import { type ChaosOptions, HELP, readOptions } from './options.js'
import { healed, type Report, reportText } from './report.js'
import { awaitRest, retryParked, wholeLedger } from './rest.js'

/** Lambda waits 60 and 120 seconds between attempts, and a queue 360: here a tenth of that. */
const RETRY_SCALE = '0.1'
const LANDING_SHARE = 0.35
const REST_SECONDS_MAX = 900
const PUT_BACK_ROUNDS_MAX = 4
const say = (line: string) => process.stderr.write(`${line}\n`)
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
const since = (begun: number) => Math.round((performance.now() - begun) / 1_000)

/** One chaos run on a stack of its own. Throws when something breaks that no fault explains. */
export async function chaos(options: ChaosOptions): Promise<Report> {
  const scratch = mkdtempSync(`${tmpdir()}/sluice-chaos-`)
  const parameters: Record<string, string> = { taskCapacity: 'spot' }
  if (options.sparkFromBytes > 0) parameters.sparkFromBytes = String(options.sparkFromBytes)
  const stack = await startStack({
    launcher: ['--async-retry-scale', RETRY_SCALE],
    parameters,
  })
  try {
    makeFiles(ROOT, `${scratch}/files`, options.files)
    mkdirSync(`${scratch}/truth`)
    cpSync(`${scratch}/files`, `${scratch}/truth`, { recursive: true })
    return await measure(stack, scratch, options)
  } finally {
    await stack.stop()
    if (options.keep) say(`  kept: ${scratch}, ${stack.state}`)
    else rmSync(scratch, { recursive: true, force: true })
  }
}

async function measure(stack: Stack, scratch: string, options: ChaosOptions): Promise<Report> {
  const random = seeded(options.seed)
  const waves = bursts(`${scratch}/files`, random)
  const landings = waves.flat()
  say(
    `  ${landings.length} files land in ${waves.length} bursts, on ${stack.endpoint}; logs in ${stack.state}`,
  )
  await setFaults(stack.endpoint, { ...FAULTS, seed: options.seed })
  const begun = performance.now()
  await landAll(stack, waves, (options.minutes * 60 * LANDING_SHARE) / waves.length)
  const landing = since(begun)
  await awaitRest(landings.length, options.minutes * 60 - landing, say)
  const underFaults = since(begun)
  await setFaults(stack.endpoint)
  say(`  the faults end after ${underFaults} s`)
  const healing = performance.now()
  const putBack = await heal(landings.length)
  await new Chain(stack).rest(landings.length, REST_SECONDS_MAX)
  const toRestAfterwards = since(healing)
  const items = await wholeLedger()
  if (options.keep) writeFileSync(`${scratch}/ledger.json`, JSON.stringify(items, null, 1))
  const { counts, struck } = await told(stack.endpoint)
  const found = await differences(stack, items, landings, { truth: `${scratch}/truth`, scratch })
  const report: Report = {
    seed: options.seed,
    files: options.files,
    landed: landings.length,
    seconds: { landing, underFaults, toRestAfterwards },
    injected: counts,
    healed: healed(items, putBack),
    differences: found,
    ok: found.length === 0,
  }
  say(reportText(report, struck))
  return report
}

async function landAll(stack: Stack, waves: Landing[][], secondsApart: number): Promise<void> {
  const bucket = String(stack.env.SLUICE_BRONZE_BUCKET)
  for (const wave of waves) {
    await Promise.all(wave.map(({ source, path }) => land(bucket, source, path)))
    await pause(secondsApart)
  }
}

/** Waits for rest without faults, and puts back what was parked under them, as a person would; gives how many. */
async function heal(landed: number): Promise<number> {
  let putBack = 0
  for (let round = 0; round < PUT_BACK_ROUNDS_MAX; round += 1) {
    const rested = await awaitRest(landed, REST_SECONDS_MAX, say)
    if (!rested) throw new Error(`no rest within ${REST_SECONDS_MAX} s after the faults ended`)
    const parked = await retryParked()
    if (parked === 0) return putBack
    say(`  ${parked} parked runs are put back`)
    putBack += parked
    await pause(1)
  }
  return putBack
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(HELP)
  else {
    const report = await chaos(options)
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    process.exitCode = report.ok ? 0 : 1
  }
} catch (error) {
  say(`\n  ${error instanceof UserError ? error.message : `this failed: ${(error as Error).stack}`}\n`)
  process.exitCode = 1
}
