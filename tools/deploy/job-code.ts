import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { zipSync } from 'fflate'

/** A zip without the times of the files, so that the same code gives the same bytes. */
const MTIME = new Date('2020-01-01T00:00:00Z')

export interface JobCode {
  jobScriptUri: string
  jobModulesUri: string
}

/** The Glue job's script and modules, packed: their content hash is in their keys, so that a running batch keeps its own. */
export function packJobCode(root: string) {
  const files = [...below(root, 'jobs', '.py'), ...below(root, 'contracts/compiled', '.json')]
  const modules = zipSync(
    Object.fromEntries(files.map((file) => [file, [readFileSync(`${root}/${file}`), { mtime: MTIME }]])),
  )
  const script = readFileSync(`${root}/jobs/glue_cleanse.py`)
  const hash = createHash('sha256').update(modules).update(script).digest('hex').slice(0, 16)
  return {
    script,
    modules,
    scriptKey: `jobs/${hash}/glue_cleanse.py`,
    modulesKey: `jobs/${hash}/modules.zip`,
  }
}

const below = (root: string, folder: string, ending: string) =>
  readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => `${folder}/${file}`)

/** Uploads the job code and gives the URIs under which this deployment's runs name it. */
export async function uploadJobCode(
  root: string,
  bucket: string,
  client = new S3Client({}),
): Promise<JobCode> {
  const { script, modules, scriptKey, modulesKey } = packJobCode(root)
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: scriptKey, Body: script }))
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: modulesKey, Body: modules }))
  return { jobScriptUri: `s3://${bucket}/${scriptKey}`, jobModulesUri: `s3://${bucket}/${modulesKey}` }
}
