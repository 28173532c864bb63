import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { main } from '../../cli/main.js'
import { terminal } from './answering.js'

const at = terminal()
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-sources-'))
})
afterEach(() => rmSync(folder, { recursive: true }))
const write = (name: string, entity: string) =>
  writeFileSync(
    join(folder, `${name}.yaml`),
    `source: ${name}\ndescription: Prices.\nkind: drop\nentities:\n  - entity: ${entity}\n`,
  )

test('the project’s own sources are right', async () => {
  expect(await main(['sources', 'check'])).toBe(0)
  expect(at.out).toBe('12 sources, nothing wrong\n')
  expect(at.asked).toEqual([])
})

test('a mistake is told with its place, and the exit code is 1', async () => {
  write('good', 'market_data')
  write('bad', 'market_dat')
  expect(await main(['sources', 'check', folder])).toBe(1)
  expect(at.out).toBe(
    `${folder}/bad.yaml:5:13 entities[0].entity: no contract "market_dat"; did you mean market_data?\n`,
  )
  expect(at.err).toBe('sluice: 1 mistake in 1 of 2 files\n')
})

test('with --json a mistake is data', async () => {
  write('bad', 'market_dat')
  expect(await main(['sources', 'check', folder, '--json'])).toBe(1)
  expect(JSON.parse(at.out)).toMatchObject({ files: 1, problems: [{ line: 5, column: 13 }] })
})

test('a folder that is not there or holds no source is told as such', async () => {
  expect(await main(['sources', 'check', join(folder, 'none')])).toBe(1)
  expect(at.err).toMatch(/there is no folder ".*none"/)
  expect(await main(['sources', 'check', folder])).toBe(1)
  expect(at.err).toContain('holds no .yaml file')
})
