import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'

const SDK = /^@aws-sdk\//
/** As esbuild's namespace: a package of the SDK with light commands. */
const LIGHT = 'light-sdk'
const COMMAND = /\b[A-Z]\w+Command\b/g

/** The names of commands in all sources below some folders. */
function commandsIn(root: string, folders: readonly string[]): string[] {
  const names = new Set<string>()
  for (const folder of folders)
    for (const path of readdirSync(join(root, folder), { recursive: true }) as string[])
      if (path.endsWith('.ts'))
        for (const [name] of readFileSync(join(root, folder, path), 'utf8').matchAll(COMMAND)) names.add(name)
  return [...names].sort()
}

/**
 * The SDK as it is, but for its commands: they hold their input and nothing else. A simulated client asks a command for
 * its name and its input only, and the SDK's own builds a stack of middleware for each.
 */
export const lightSdk = (root: string): Plugin => ({
  name: LIGHT,
  setup({ onResolve, onLoad }) {
    const commands = commandsIn(root, ['shared', 'functions'])
    const classes = commands.map(
      (name) => `export class ${name} { constructor(input) { this.input = input } }`,
    )
    onResolve({ filter: SDK }, ({ path, namespace }) =>
      namespace === LIGHT ? { path, external: true } : { path, namespace: LIGHT },
    )
    onLoad({ filter: /./, namespace: LIGHT }, ({ path }) => ({
      contents: [`export * from ${JSON.stringify(path)}`, ...classes].join('\n'),
    }))
  },
})
