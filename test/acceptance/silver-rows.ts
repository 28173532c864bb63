import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { keysOf } from './operator.js'
import { ROOT, type Stack } from './stack.js'

const COUNT = `
import duckdb, json, sys
found = duckdb.sql(f"select count(*), count(distinct (symbol, price_date)) from '{sys.argv[1]}/*.parquet'")
print(json.dumps(found.fetchone()))
`

/** How many rows all Parquet files of daily prices in silver have, and how many different days of a symbol. */
export async function silverRows({ env }: Stack, entity: string): Promise<{ rows: number; keys: number }> {
  const folder = mkdtempSync(`${tmpdir()}/sluice-silver-`)
  try {
    const keys = (await keysOf('SILVER', `entity=${entity}/`)).filter((key) => key.endsWith('.parquet'))
    for (const [place, Key] of keys.entries()) {
      const { Body } = await new S3Client({}).send(
        new GetObjectCommand({ Bucket: String(env.SLUICE_SILVER_BUCKET), Key }),
      )
      writeFileSync(`${folder}/${place}.parquet`, (await Body?.transformToByteArray()) ?? '')
    }
    const [rows, distinct] = JSON.parse(
      execFileSync(`${ROOT}/.venv/bin/python`, ['-c', COUNT, folder], { encoding: 'utf8' }),
    )
    return { rows, keys: distinct }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
