// The SDK warns on every start that Node 20 is supported until January 2027; package.json says which Node it takes.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { S3Client } from '@aws-sdk/client-s3'
import { UserError } from '../../cli/config.js'
import { step } from '../step.js'
import { fillAlertSecrets, putAlertSecrets } from './alerts.js'
import { BOOTSTRAP_STACK, bootstrap, outputs } from './bootstrap.js'
import { commit, IMAGES, imageCommands, isDirty, loginCommand, pushImage } from './images.js'
import { packJobCode, uploadJobCode } from './job-code.js'
import { promotedImages } from './promoted.js'
import { deployStack } from './stack.js'
import { HELP, readTarget, type Target } from './target.js'

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const say = (line = '') => process.stdout.write(`${line}\n`)

/** What a deployment does, step by step, in the order in which the parts need one another. */
export function plannedSteps(target: Target, tag: string): string[] {
  const registry = `${target.account}.dkr.ecr.${target.region}.amazonaws.com`
  const { scriptKey, modulesKey } = packJobCode(root)
  const bucket = `sluice-code-${target.account}-${target.region}`
  const pushes = IMAGES.flatMap((name) => imageCommands(name, asked(target, name, registry, tag)))
  const images = target.promoted
    ? [`s3 get s3://${bucket}/dbt/promoted/${target.stage}/promoted.json   (must be of commit ${tag})`]
    : [loginCommand(registry).slice(2), ...pushes].map((command) => command.join(' '))
  const stack = [
    `s3 put s3://${bucket}/${scriptKey}`,
    `s3 put s3://${bucket}/${modulesKey}`,
    `serverless deploy --stage ${target.stage} --region ${target.region}   (images by digest, job code by content hash)`,
    ...(target.alertSecrets ? [putAlertSecrets(target.stage, target.alertSecrets).join(' ')] : []),
  ]
  return [
    `aws sts get-caller-identity                     (must answer account ${target.account})`,
    'aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com   (unless the account has it)',
    `cloudformation deploy ${BOOTSTRAP_STACK}             (infra/bootstrap.yml: repositories, ${bucket})`,
    ...images,
    ...(target.imagesOnly ? [] : stack),
  ]
}

const asked = ({ snowflakeSecret }: Target, name: string, registry: string, tag: string) => ({
  ...{ root, tag, repository: `${registry}/sluice/${name}`, onSnowflake: snowflakeSecret !== '' },
})

async function deploy(target: Target): Promise<void> {
  process.env.AWS_REGION = target.region
  await step(say, {
    title: 'account',
    doing: 'asking whose the credentials are',
    work: () => checkAccount(target.account),
    told: () => `${target.account}, ${target.region}`,
  })
  if (await isDirty(root))
    throw new UserError('there are uncommitted changes: images are tagged with the commit')
  createServiceLinkedRole()
  const tag = await commit(root)
  const { codeBucket } = await step(say, {
    title: 'bootstrap',
    doing: `bringing the stack ${BOOTSTRAP_STACK} up to date`,
    work: () => bootstrap(`${root}/infra/bootstrap.yml`),
    told: (made) => `${BOOTSTRAP_STACK}, code in ${made.codeBucket}`,
  })
  const images = await imagesOf(target, codeBucket, tag)
  if (!target.imagesOnly) await deployAll(target, codeBucket, images)
}

/** What comes after the images: the job code, the stack that names both, and what its owner wants to know of it. */
async function deployAll(target: Target, codeBucket: string, images: Record<string, string>): Promise<void> {
  const code = await step(say, {
    title: 'job code',
    doing: 'packing and uploading it',
    work: () => uploadJobCode(root, codeBucket),
    told: ({ jobScriptUri }) => jobScriptUri,
  })
  const parameters = {
    codeBucket,
    ...code,
    ...images,
    cleanseEngine: target.engine,
    alertsEmail: target.alerts,
    snowflakeSecret: target.snowflakeSecret,
  }
  await step(say, {
    title: 'stack',
    doing: `deploying sluice-${target.stage}, which takes minutes the first time`,
    work: () =>
      deployStack(root, target.stage, parameters, { env: process.env, out: (line) => say(`  ${line}`) }),
    told: () => `sluice-${target.stage} is deployed`,
  })
  if (target.alertSecrets) fillAlertSecrets(target.stage, target.alertSecrets)
  tellOutputs((await outputs(new CloudFormationClient({}), `sluice-${target.stage}`)) ?? {}, target)
}

/** The images that the stack names, by digest: those that were promoted, or those of this commit, pushed where need be. */
async function imagesOf(target: Target, bucket: string, commit: string): Promise<Record<string, string>> {
  const registry = `${target.account}.dkr.ecr.${target.region}.amazonaws.com`
  const images: Record<string, string> = {}
  if (target.promoted) {
    const digests = await step(say, {
      title: 'images',
      work: () => promotedImages(new S3Client({}), { bucket, stage: target.stage, commit }),
      told: () => `those that were promoted to ${target.stage}`,
    })
    for (const name of IMAGES) {
      images[`${name}Image`] = `${registry}/sluice/${name}@${digests[name]}`
      say(`  image      ${images[`${name}Image`]}`)
    }
    return images
  }
  const [shell, ...login] = loginCommand(registry)
  execFileSync(shell as string, login, { stdio: ['ignore', 'ignore', 'inherit'] })
  for (const name of IMAGES) {
    images[`${name}Image`] = await step(say, {
      title: 'image',
      doing: `${name} of ${commit}: building and pushing it, unless it was pushed before`,
      work: () => pushImage(name, asked(target, name, registry, commit)),
      told: (image) => image,
    })
  }
  return images
}

function tellOutputs(stack: Record<string, string>, { region }: Target): void {
  say('\nPut these into the environment of the `sluice` command:\n')
  say(`  export AWS_REGION='${region}'`)
  say(`  export SLUICE_API_URL='https://${stack.ApiId}.execute-api.${region}.amazonaws.com'`)
  say(`  export SLUICE_API_TOKEN_SECRET='${stack.ApiTokenSecret}'`)
  say(`  export SLUICE_BRONZE_BUCKET='${stack.BronzeBucketName}'\n`)
}

/** An account that never used ECS lacks the role that ECS itself works with; one that has it says so. */
function createServiceLinkedRole(): void {
  try {
    const create = ['iam', 'create-service-linked-role', '--aws-service-name', 'ecs.amazonaws.com']
    execFileSync('aws', create, { stdio: 'pipe' })
  } catch (error) {
    if (!String((error as { stderr?: Buffer }).stderr).includes('has been taken')) throw error
  }
}

/** Refuses to touch an account that was not named. */
function checkAccount(account: string): void {
  const query = ['sts', 'get-caller-identity', '--query', 'Account', '--output', 'text']
  const actual = execFileSync('aws', query, { encoding: 'utf8' }).trim()
  if (actual !== account) throw new UserError(`the credentials are of account ${actual}, not of ${account}`)
}

try {
  const target = readTarget(process.argv.slice(2))
  if (target.help) say(HELP)
  else if (target.dryRun) for (const line of plannedSteps(target, await commit(root))) say(`  ${line}`)
  else await deploy(target)
} catch (error) {
  process.stderr.write(`\n  ${(error as Error).message}\n\n`)
  process.exitCode = 1
}
