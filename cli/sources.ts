import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkFolder } from '../tools/declared.js'
import { inWords } from '../tools/sources/places.js'
import type { Answer } from './commands.js'
import { UserError } from './config.js'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Checks the source files of a folder, `sources` of the project unless told, with the project's contracts and domains.
 * `verdict` is one sentence when something is wrong. Asks no API.
 */
export function checkSourceFiles(folder?: string): Answer & { verdict?: string } {
  if (folder !== undefined && !existsSync(folder)) throw new UserError(`there is no folder "${folder}"`)
  const { files, problems } = checkFolder(root, folder ?? join(root, 'sources'), folder ?? 'sources')
  const data = { files, problems }
  if (files === 0) throw new UserError(`"${folder ?? 'sources'}" holds no .yaml file`)
  const count = (number: number, thing: string) => `${number} ${thing}${number === 1 ? '' : 's'}`
  if (problems.length === 0) return { data, text: `${count(files, 'source')}, nothing wrong\n` }
  const wrong = new Set(problems.map(({ file }) => file)).size
  return {
    data,
    text: `${problems.map(inWords).join('\n')}\n`,
    verdict: `${count(problems.length, 'mistake')} in ${wrong} of ${count(files, 'file')}`,
  }
}
