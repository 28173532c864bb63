import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { ROOT } from '../bundle.js'
import type { Bug, Planted } from './bug.js'

const AWAKE = fileURLToPath(new URL('./awake.ts', import.meta.url))
/** As esbuild's namespace: a file as it is, or with the pieces of one bug in it. */
const VARIANT = 'variant'

/** Replaces a piece of a source text that must stand there exactly once. */
export function plant(text: string, { file, find, replace }: Planted): string {
  const found = text.split(find).length - 1
  if (found !== 1) throw new Error(`${file} has ${found} times, and not once: ${find}`)
  return text.replace(find, () => replace)
}

/**
 * Puts every bug into one bundle, all of them asleep. A file that bugs are planted into stands in it as it is and once
 * for each of its bugs; who imports it gets the one that is awake (`awake.ts`). So one process looks for all bugs, and
 * what it has compiled for one serves the next.
 */
export async function planting(bugs: readonly Bug[]): Promise<Plugin> {
  const files = [...new Set(bugs.flatMap(({ planted }) => planted.map(({ file }) => file)))]
  const exported = await exportsOf(files)
  return {
    name: 'planting',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\?(plain|\d+)$/ }, ({ path }) => ({ path, namespace: VARIANT }))
      onLoad({ filter: /./, namespace: VARIANT }, ({ path }) => {
        const [file = '', which] = path.split('?')
        const pieces = which === 'plain' ? [] : (bugs[Number(which)]?.planted ?? [])
        const mine = pieces.filter((piece) => resolve(ROOT, piece.file) === file)
        const contents = mine.reduce(plant, readFileSync(file, 'utf8'))
        return { contents, loader: 'ts', resolveDir: dirname(file) }
      })
      onLoad({ filter: /\.ts$/, namespace: 'file' }, ({ path }) => {
        const file = relative(ROOT, path)
        const names = exported.get(file)
        if (!names) return undefined
        const inIt = bugs.flatMap(({ planted }, bug) =>
          planted.some((one) => one.file === file) ? [bug] : [],
        )
        return { contents: switching(path, names, inIt), loader: 'ts', resolveDir: dirname(path) }
      })
    },
  }
}

/** A module that exports what the variant which is awake exports: an import sees each change of an exported `let`. */
function switching(path: string, names: readonly string[], bugs: readonly number[]): string {
  const from = (which: string) => JSON.stringify(`${path}?${which}`)
  return [
    `import { onWake } from ${JSON.stringify(AWAKE)}`,
    `import * as plain from ${from('plain')}`,
    ...bugs.map((bug) => `import * as bug${bug} from ${from(String(bug))}`),
    ...names.map((name) => `export let ${name} = plain.${name}`),
    `const variants = new Map([${bugs.map((bug) => `[${bug}, bug${bug}]`)}])`,
    'onWake((bug) => {',
    '  const awake = variants.get(bug) ?? plain',
    ...names.map((name) => `  ${name} = awake.${name}`),
    '})',
  ].join('\n')
}

/** The names that files export, types left out. */
async function exportsOf(files: readonly string[]): Promise<Map<string, string[]>> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...files],
    outdir: '.sluice/simulation',
    format: 'esm',
    bundle: false,
    write: false,
    metafile: true,
  })
  return new Map(Object.values(metafile.outputs).map((one) => [one.entryPoint ?? '', one.exports]))
}
