import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The tests that judge a mutant, in this order: those of the decision code, then those of them that take long, then a
 * fixed small number of simulated seeds. Not those that run the chain while they are loaded: Stryker could tie no
 * mutant to one of their tests.
 */
const FOLDERS = ['test/shared', 'test/functions', 'test/mutants', 'test/simulation']
const LEFT_OUT = [/^test\/shared\/chain-crashes/, /^test\/simulation\/(?!seeds)/]
const LONG = [
  /incident-|channels|email|announce|quarantine/,
  /property|aws-call|compaction-crashes|^test\/simulation/,
]
/** What lives goes through all tests, and nearly all of its time is theirs: without them the score is a lower bound. */
if (process.env.SLUICE_MUTANTS === 'quick') LEFT_OUT.push(LONG[1])

export const environment = { POWERTOOLS_LOG_LEVEL: 'SILENT', SLUICE_SEEDS: '60' }

/** 0 for a quick test file, more for those that are asked last. */
export const length = (file) => LONG.findIndex((pattern) => pattern.test(file)) + 1

/** The test files below a root, the quick ones first. */
export const testFiles = (root) =>
  FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((file) => `${folder}/${file}`),
  )
    .filter((file) => file.endsWith('.test.ts') && !LEFT_OUT.some((pattern) => pattern.test(file)))
    .sort((one, other) => length(one) - length(other) || (one < other ? -1 : 1))
