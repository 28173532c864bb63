import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { freePort, startLocalAws } from '../../tools/start/local-aws.js'

declare module 'vitest' {
  export interface ProvidedContext {
    endpoint: string
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** Starts one local AWS for the emulator tests and gives back what stops it again. */
export default async function setup(project: TestProject) {
  const state = await mkdtemp(join(tmpdir(), 'sluice-emulator-'))
  const local = await startLocalAws(root, { port: await freePort(), padSeconds: 0, state })
  project.provide('endpoint', local.endpoint)
  return async () => {
    await local.stop()
    await rm(state, { recursive: true, force: true })
  }
}
