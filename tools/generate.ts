import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { BadInput } from '../shared/errors.js'
import { chainPage } from './chain-page.js'
import { readDeclared } from './declared.js'
import { failuresPage } from './failures-page.js'
import { openapi } from './openapi/document.js'
import { sourceSchema } from './sources/json-schema.js'
import { sourcesPage } from './sources/page.js'

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

/** Everything that is generated and committed, with its content as the sources say it now. */
export const generated = (): Record<string, string> => ({
  'shared/declared.json': `${JSON.stringify(readDeclared(root), null, 2)}\n`,
  'docs/chain.md': chainPage(),
  'docs/failures.md': failuresPage(),
  'docs/sources.md': sourcesPage(),
  'functions/5-serve/api/openapi.json': `${JSON.stringify(openapi(), null, 2)}\n`,
  'sources/source.schema.json': `${JSON.stringify(sourceSchema, null, 2)}\n`,
})

function write(): void {
  for (const [file, content] of Object.entries(generated())) {
    const path = `${root}/${file}`
    const before = readFileSync(path, { encoding: 'utf8', flag: 'a+' })
    if (before !== content) writeFileSync(path, content)
    process.stdout.write(`${before === content ? 'fresh  ' : 'written'} ${file}\n`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    write()
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    process.stderr.write(`${error.problems.join('\n')}\n`)
    process.exitCode = 1
  }
}
