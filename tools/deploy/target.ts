import { parseArgs } from 'node:util'
import { UserError } from '../../cli/config.js'
import { checkAlertSecrets } from './alerts.js'

export const HELP = `npm run deploy -- --account <id> [options]

  --account <id>     the AWS account that is meant; a deployment to another one is refused
  --stage <name>     the stage, "prod" unless told
  --region <name>    the region, AWS_REGION or us-east-1 unless told
  --alerts <email>   who hears of incidents and dead letters by e-mail, nobody unless told
  --alert-secrets <file>  put this JSON file into the secret that names PagerDuty and Slack (docs/alerts.md)
  --snowflake-secret <name>  build marketing and commerce on Snowflake, in the account that this secret names (docs/builds.md)
  --engine <name>    auto, duckdb or spark: the engine of every cleanse, "auto" unless told
  --images-only      build and push the images of this commit, and deploy nothing
  --promoted         name the images that were promoted to the stage (tools/models/promote.py), and build none
  --dry-run          say what would be done, in order, and touch nothing

It needs AWS credentials in the environment, the AWS CLI and Docker. From a fresh account it creates the bootstrap
stack (image repositories, bucket for code), pushes the images, uploads the job code and deploys the stack.
`

/** What is deployed, and where to. */
export interface Target {
  account: string
  region: string
  stage: string
  engine: string
  alerts: string
  alertSecrets: string
  /** The name of the secret, which begins with the stack's; empty where all is built on DuckDB. */
  snowflakeSecret: string
  promoted: boolean
  imagesOnly: boolean
}

/** The options of `npm run deploy`, checked. Throws `UserError` that says which one is wrong. */
export function readTarget(argv: string[]): Target & { dryRun: boolean; help: boolean } {
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
      'snowflake-secret': { type: 'string', default: '' },
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
  const snowflakeSecret = values['snowflake-secret']
  if (snowflakeSecret && !snowflakeSecret.startsWith(`/sluice-${stage}/snowflake`))
    throw new UserError(`--snowflake-secret begins with /sluice-${stage}/snowflake: no task may read another`)
  if (snowflakeSecret && promoted)
    throw new UserError('the promoted image of dbt knows no Snowflake: leave --promoted out')
  const chosen = { promoted, imagesOnly: values['images-only'], dryRun: values['dry-run'] }
  if (promoted && chosen.imagesOnly)
    throw new UserError('--promoted builds no images: leave --images-only out')
  return { account, stage, region, engine, alerts, alertSecrets, snowflakeSecret, help, ...chosen }
}
