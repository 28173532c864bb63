import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { badFiles, VANISHING } from './bad-files.js'
import type { Run } from './chain.js'
import { sluice } from './gate.case.js'
import { whileHeld } from './hold.js'
import { bronzeVersions, keysOf, linesOf } from './operator.js'
import { goldAgainstTruth } from './oracle.js'
import { until } from './poll.js'
import { landFiles, type World } from './world.js'

const QUARANTINE_SECONDS_MAX = 60
const STRAYS = ['source=nobody/year=2026/month=01/day=01/hour=00/run_id=1/prices.csv', 'prices.csv']

/** Everything that a source should never send, at once and in one batch. */
export function badInputCase(world: () => World): void {
  const chain = () => world().chain
  const keys = new Map<string, string>()
  let run: Run
  const expected = badFiles.flatMap(({ name, rejected = [] }) => rejected.map((row) => ({ name, ...row })))

  test('bad files beside good ones end in silver or in quarantine, and none stops the batch', async () => {
    await whileHeld('cleanse:market_data', badFiles.length, async () => {
      const landed = await landFiles(
        world(),
        badFiles.map((file) => ({ source: 'market-data', ...file })),
      )
      for (const [place, { name }] of badFiles.entries()) keys.set(name, String(landed[place]))
      await vanish(String(keys.get(VANISHING)))
    })
    const runs = await chain().rest(world().landed)
    run = await chain().run(runs.find(({ kind }) => kind === 'cleanse')?.runId ?? '')
    const out = badFiles.reduce((sum, file) => sum + (file.out ?? 0), 0)
    expect(run).toMatchObject({
      state: 'COMMITTED',
      inputsCount: badFiles.length,
      rows: { in: out + expected.length, out, duplicates: 0, rejected: expected.length },
    })
    expect(await goldAgainstTruth(chain(), world().truth, world().scratch)).toBe('')
  })

  test('each rejected row is in quarantine with its reason, file, version and line', async () => {
    const rows = (
      await Promise.all((run.quarantine ?? []).map(({ key }) => linesOf('QUARANTINE', key)))
    ).flat()
    const brief = ({ reason, source_file, line }: Record<string, unknown>) =>
      `${reason} ${source_file} ${line}`
    const wanted = expected.map(({ reason, name, line }) =>
      brief({ reason, source_file: keys.get(name), line }),
    )
    expect(rows.map(brief).sort()).toEqual(wanted.sort())
    for (const row of rows) expect(row.source_version).toBeTruthy()
    for (const { says, reason, name } of expected.filter(({ says }) => says)) {
      const row = rows.find((one) => one.reason === reason && one.source_file === keys.get(name))
      expect(String(row?.detail), reason).toMatch(says as RegExp)
    }
  })

  test('columns that the contract does not know pass, and the run says which', () => {
    expect(run.drift?.map(({ column }) => column).sort()).toEqual(['note', 'venue'])
  })

  test('a file of an unknown source is in quarantine, and API and command line say why', async () => {
    const s3 = new S3Client({})
    const Bucket = process.env.SLUICE_BRONZE_BUCKET
    for (const Key of STRAYS) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'a,b\n1,2\n' }))
    const files = await until('both stray files are in quarantine', () => quarantined(2), {
      seconds: QUARANTINE_SECONDS_MAX,
    })
    const reasons = Object.fromEntries(files.map(({ key, reason }) => [key, reason]))
    expect(reasons[STRAYS[0] as string]).toContain('sources/nobody.yaml')
    expect(reasons[STRAYS[1] as string]).toContain('no source declares the folder')
    const notes = await keysOf('QUARANTINE', 'entity=unknown/reason=unknown_source/')
    const lines = (await Promise.all(notes.map((key) => linesOf('QUARANTINE', key)))).flat()
    expect(lines.map(({ source_file }) => source_file).sort()).toEqual([...STRAYS].sort())
    expect(await sluice('quarantine')).toContain('sources/nobody.yaml')
  })

  async function quarantined(count: number) {
    const { files } = await chain().api.get<{ files: { key: string; reason: string }[] }>('/quarantine')
    return files.length >= count && files
  }
}

/** Deletes the only version of an object: what no run can read any more. */
async function vanish(key: string): Promise<void> {
  const version = (await bronzeVersions()).find(({ Key }) => Key === key)
  if (!version?.VersionId) throw new Error(`${key} has no version`)
  const Bucket = process.env.SLUICE_BRONZE_BUCKET
  await new S3Client({}).send(new DeleteObjectCommand({ Bucket, Key: key, VersionId: version.VersionId }))
}
