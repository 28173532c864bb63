import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname } from 'node:path'
import { DisableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { land } from '../../cli/land.js'
import { filesToLand } from '../../tools/start/options.js'
import type { WebhookServer } from '../fakes/webhook-server.js'
import { startSlack } from './alerts.case.js'
import { Chain } from './chain.js'
import { stackResources } from './operator.js'
import { tap } from './queues.js'
import { ROOT, type Stack, type StackOptions, startStack } from './stack.js'

const PUTS_AT_ONCE = 16

/** One deployed stack, its chain, and the files that landed in it: the cases of one run share it, one after another. */
export interface World {
  stack: Stack
  chain: Chain
  /** A folder `<source>/<file>` of everything that gold must hold: what the oracle reads. */
  truth: string
  scratch: string
  /** Files that cleanse runs took or must still take. */
  landed: number
  /** The samples as they landed. */
  drops: { source: string; path: string; key: string }[]
  /** A queue with a copy of each event that S3 sent of bronze. */
  tap: string
  /** The Slack that people read: what it was told. */
  heard: WebhookServer
  /** Stops the stack and removes the files. */
  stop(): Promise<void>
}

export async function startWorld(options: StackOptions = {}): Promise<World> {
  const stack = await startStack(options)
  const scratch = mkdtempSync(`${tmpdir()}/sluice-acceptance-files-`)
  const truth = `${scratch}/truth`
  mkdirSync(truth)
  await silenceReconciler()
  const copies = await tap(String(stack.env.SLUICE_BRONZE_BUCKET))
  const heard = await startSlack()
  const stop = async () => {
    await heard.stop()
    await stack.stop()
    rmSync(scratch, { recursive: true, force: true })
  }
  return { stack, chain: new Chain(stack), truth, scratch, landed: 0, drops: [], tap: copies, heard, stop }
}

/** Stops the reconciler's clock: events alone must do the work, and a case that needs the reconciler calls it. */
async function silenceReconciler(): Promise<void> {
  const resources = Object.entries(await stackResources())
  const rule = resources.find(([logicalId]) => /^ReconcileEventsRule/.test(logicalId))?.[1]
  if (!rule) throw new Error('the reconciler has no schedule')
  const Name = rule.split('/').at(-1)
  await new EventBridgeClient({}).send(new DisableRuleCommand({ Name }))
}

export interface File {
  source: string
  name: string
  content: string | Buffer
  /** What gold must hold of it, where that is not simply all. */
  truth?: string | Buffer
}

/** Lands files at once and gives their keys; `counts: false` keeps them out of what gold must hold. */
export async function landFiles(world: World, files: File[], { counts = true } = {}): Promise<string[]> {
  const paths = files.map(({ source, name, content, truth = content }) => {
    const path = write(`${world.scratch}/landed/${source}/${name}`, content)
    if (counts) write(`${world.truth}/${source}/${name}`, truth)
    return { source, path }
  })
  return landPaths(world, paths)
}

function write(path: string, content: string | Buffer): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

/** Lands the samples and makes them part of the truth. */
export async function landSamples(world: World): Promise<void> {
  const drops = filesToLand(`${ROOT}/samples`)
  for (const { source, file } of drops) cpSync(file, `${world.truth}/${source}/${basename(file)}`)
  const files = drops.map(({ source, file }) => ({ source, path: file }))
  const keys = await landPaths(world, files)
  world.drops = files.map((file, place) => ({ ...file, key: String(keys[place]) }))
}

export async function landPaths(world: World, files: { source: string; path: string }[]): Promise<string[]> {
  const keys: string[] = []
  const queue = files.entries()
  const worker = async () => {
    for (const [place, { source, path }] of queue) {
      keys[place] = await land(String(world.stack.env.SLUICE_BRONZE_BUCKET), source, path)
    }
  }
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, worker))
  world.landed += files.length
  return keys
}
