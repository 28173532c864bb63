import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { lightSdk } from './light-sdk.js'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const folder = join(ROOT, '.sluice/simulation')
const SEEDS = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** Bundles the simulator, with the product in it, into one file for a worker thread, and gives its path. */
export async function bundle(
  name: string,
  { entry = SEEDS, plugins = [] }: { entry?: string; plugins?: Plugin[] } = {},
): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const outfile = join(folder, `${name}.mjs`)
  await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    plugins: [...plugins, lightSdk(ROOT)],
  })
  return outfile
}
