import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const folder = join(root, '.sluice/simulation')

/** A fault that is planted into the product: an exact piece of one file that another takes the place of. */
export interface Planted {
  file: string
  find: string
  replace: string
}

/** Replaces a piece of a source text that must stand there exactly once. */
export function plant(text: string, { file, find, replace }: Planted): string {
  const found = text.split(find).length - 1
  if (found !== 1) throw new Error(`${file} has ${found} times, and not once: ${find}`)
  return text.replace(find, () => replace)
}

const planting = (planted: readonly Planted[]): Plugin => ({
  name: 'planted',
  setup({ onLoad }) {
    for (const file of new Set(planted.map((one) => one.file))) {
      const path = resolve(root, file)
      const filter = new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)
      onLoad({ filter }, () => {
        const text = readFileSync(path, 'utf8')
        const mine = planted.filter((one) => one.file === file)
        return { contents: mine.reduce(plant, text), loader: 'ts' }
      })
    }
  },
})

/** Bundles the simulator with the product as it is, or with faults planted, into one file, and gives its path. */
export async function bundle(name: string, planted: readonly Planted[] = []): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const outfile = join(folder, `${name}.mjs`)
  await build({
    absWorkingDir: root,
    entryPoints: [fileURLToPath(new URL('./worker.ts', import.meta.url))],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    plugins: [planting(planted)],
  })
  return outfile
}
