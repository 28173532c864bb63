import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

interface Resource {
  Type: string
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's own shape, as deep as the template goes.
  Properties: Record<string, any>
  DeletionPolicy?: string
}
export interface Template {
  Resources: Record<string, Resource>
}

/** Far more than it takes. Two packagings at once in one checkout wait for each other for ever: they share a folder. */
const PACKAGE_MILLISECONDS_MAX = 240_000
let packaged: { folder: string; template: Template } | undefined

/** Packages the service as a deployment would, once for all files of tests; gives the folder, which is kept until the next time, and the template. */
export function packageService(): { folder: string; template: Template } {
  packaged ??= packageOnce()
  return packaged
}

function packageOnce(): { folder: string; template: Template } {
  const folder = join(root, '.sluice/packaged')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const parameters = {
    codeBucket: 'sluice-code-000000000000-us-east-1',
    cleanseImage: '000000000000.dkr.ecr.us-east-1.amazonaws.com/sluice/cleanse@sha256:0',
    dbtImage: '000000000000.dkr.ecr.us-east-1.amazonaws.com/sluice/dbt@sha256:0',
    extractImage: '000000000000.dkr.ecr.us-east-1.amazonaws.com/sluice/extract@sha256:0',
    jobScriptUri: 's3://sluice-code-000000000000-us-east-1/jobs/0/glue_cleanse.py',
    jobModulesUri: 's3://sluice-code-000000000000-us-east-1/jobs/0/modules.zip',
  }
  const flags = Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`])
  execFileSync(
    process.execPath,
    [
      'node_modules/serverless/bin/serverless.js',
      'package',
      '--package',
      folder,
      '--stage',
      'test',
      ...flags,
    ],
    {
      cwd: root,
      stdio: 'pipe',
      timeout: PACKAGE_MILLISECONDS_MAX,
      env: { ...process.env, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
    },
  )
  const file = join(folder, 'cloudformation-template-update-stack.json')
  return { folder, template: JSON.parse(readFileSync(file, 'utf8')) }
}
