import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { S3Client } from '@aws-sdk/client-s3'
import { UserError } from '../../cli/config.js'
import { checkAlertSecrets, fillAlertSecrets, putAlertSecrets } from './alerts.js'
import { BOOTSTRAP_STACK, bootstrap, outputs } from './bootstrap.js'
import { commit, IMAGES, imageCommands, isDirty, loginCommand, pushImage } from './images.js'
import { packJobCode, uploadJobCode } from './job-code.js'
import { promotedImages } from './promoted.js'
import { deployStack } from './stack.js'

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const say = (line = '') => process.stdout.write(`${line}\n`)

const HELP = `npm run deploy -- --account <id> [options]

  --account <id>     the AWS account that is meant; a deployment to another one is refused
  --stage <name>     the stage, "prod" unless told
  --region <name>    the region, AWS_REGION or us-east-1 unless told
  --alerts <email>   who hears of incidents and dead letters by e-mail, nobody unless told
  --alert-secrets <file>  put this JSON file into the secret that names PagerDuty and Slack (docs/alerts.md)
  --engine <name>    auto, duckdb or spark: the engine of every cleanse, "auto" unless told
  --images-only      build and push the images of this commit, and deploy nothing
  --promoted         name the images that were promoted to the stage (tools/models/promote.py), and build none
  --dry-run          say what would be done, in order, and touch nothing

It needs AWS credentials in the environment, the AWS CLI and Docker. From a fresh account it creates the bootstrap
stack (image repositories, bucket for code), pushes the images, uploads the job code and deploys the stack.
`

interface Target {
  account: string
  region: string
  stage: string
  engine: string
  alerts: string
  alertSecrets: string
  promoted: boolean
  imagesOnly: boolean
}

/** What a deployment does, step by step, in the order in which the parts need one another. */
export function plannedSteps(target: Target, tag: string): string[] {
  const registry = `${target.account}.dkr.ecr.${target.region}.amazonaws.com`
  const { scriptKey, modulesKey } = packJobCode(root)
  const bucket = `sluice-code-${target.account}-${target.region}`
  const pushes = IMAGES.flatMap((name) => imageCommands(name, `${registry}/sluice/${name}`, tag))
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

async function deploy(target: Target): Promise<void> {
  process.env.AWS_REGION = target.region
  checkAccount(target.account)
  if (await isDirty(root))
    throw new UserError('there are uncommitted changes: images are tagged with the commit')
  createServiceLinkedRole()
  const tag = await commit(root)
  const { codeBucket } = await bootstrap(`${root}/infra/bootstrap.yml`)
  say(`  bootstrap  ${BOOTSTRAP_STACK}, code in ${codeBucket}`)
  const images = await imagesOf(target, codeBucket, tag)
  for (const image of Object.values(images)) say(`  image      ${image}`)
  if (target.imagesOnly) return
  const code = await uploadJobCode(root, codeBucket)
  say(`  job code   ${code.jobScriptUri}`)
  const parameters = {
    codeBucket,
    ...code,
    ...images,
    cleanseEngine: target.engine,
    alertsEmail: target.alerts,
  }
  await deployStack(root, target.stage, parameters, { env: process.env, out: (line) => say(`  ${line}`) })
  if (target.alertSecrets) fillAlertSecrets(target.stage, target.alertSecrets)
  tellOutputs((await outputs(new CloudFormationClient({}), `sluice-${target.stage}`)) ?? {}, target)
}

/** The images that the stack names, by digest: those that were promoted, or those of this commit, pushed where need be. */
async function imagesOf(target: Target, bucket: string, commit: string): Promise<Record<string, string>> {
  const registry = `${target.account}.dkr.ecr.${target.region}.amazonaws.com`
  const images: Record<string, string> = {}
  if (target.promoted) {
    const digests = await promotedImages(new S3Client({}), { bucket, stage: target.stage, commit })
    for (const name of IMAGES) images[`${name}Image`] = `${registry}/sluice/${name}@${digests[name]}`
    return images
  }
  const [shell, ...login] = loginCommand(registry)
  execFileSync(shell as string, login, { stdio: ['ignore', 'ignore', 'inherit'] })
  for (const name of IMAGES)
    images[`${name}Image`] = await pushImage(root, name, `${registry}/sluice/${name}`, commit)
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

function readTarget(argv: string[]): Target & { dryRun: boolean; help: boolean } {
  const { values } = parseArgs({
    args: argv,
    options: {
      account: { type: 'string' },
      stage: { type: 'string', default: 'prod' },
      region: { type: 'string', default: process.env.AWS_REGION ?? 'us-east-1' },
      engine: { type: 'string', default: 'auto' },
      alerts: { type: 'string', default: '' },
      'alert-secrets': { type: 'string', default: '' },
      promoted: { type: 'boolean', default: false },
      'images-only': { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { account = '', stage, region, engine, alerts, promoted, help } = values
  if (!help && !/^\d{12}$/.test(account)) throw new UserError('name the account: --account <12 digits>')
  if (!/^[a-z][a-z0-9]{0,15}$/.test(stage))
    throw new UserError('--stage is up to 16 lower-case letters and digits')
  if (!['auto', 'duckdb', 'spark'].includes(engine)) throw new UserError('--engine is auto, duckdb or spark')
  const alertSecrets = values['alert-secrets']
  if (alertSecrets) checkAlertSecrets(alertSecrets)
  const chosen = { promoted, imagesOnly: values['images-only'], dryRun: values['dry-run'] }
  if (promoted && chosen.imagesOnly)
    throw new UserError('--promoted builds no images: leave --images-only out')
  return { account, stage, region, engine, alerts, alertSecrets, help, ...chosen }
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
