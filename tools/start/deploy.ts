import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { bootstrap, outputs } from '../deploy/bootstrap.js'
import { uploadJobCode } from '../deploy/job-code.js'
import { deployStack } from '../deploy/stack.js'
import type { Options } from './options.js'

export const STAGE = 'local'
export const REGION = 'us-east-1'
const ACCOUNT = '000000000000'

/** What the deployed stack gives to clients, as the variables of `.sluice/local.env`. */
export type Deployed = Record<string, string>

/** Environment of an AWS client that talks to the local AWS. */
export const awsEnvironment = (endpoint: string): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
})

/** Deploys the packaged template to the local AWS as to any other: bootstrap, job code, stack. */
export async function deployLocally(
  root: string,
  options: Pick<Options, 'engine'> & { parameters?: Record<string, string> },
  images: Record<string, string>,
  aws: Deployed,
) {
  const { codeBucket } = await bootstrap(`${root}/infra/bootstrap.yml`)
  const code = await uploadJobCode(root, codeBucket)
  const image = (name: string) =>
    `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/sluice/${name}@sha256:${images[name]}`
  const parameters = {
    codeBucket,
    ...code,
    cleanseImage: image('cleanse'),
    dbtImage: image('dbt'),
    extractImage: image('extract'),
    cleanseEngine: options.engine,
    // This AWS has no Glue Schema Registry.
    schemaRegistry: 'ledger',
    ...options.parameters,
  }
  await deployStack(root, STAGE, parameters, { env: { ...process.env, ...aws } })
  return deployed(aws)
}

async function deployed(aws: Deployed): Promise<Deployed> {
  const stack = await outputs(new CloudFormationClient({}), `sluice-${STAGE}`)
  if (!stack) throw new Error('the stack has no outputs')
  const secret = await new SecretsManagerClient({}).send(
    new GetSecretValueCommand({ SecretId: stack.ApiTokenSecret as string }),
  )
  return {
    ...aws,
    SLUICE_API_URL: `${aws.AWS_ENDPOINT_URL}/_aws/execute-api/${stack.ApiId}/$default`,
    SLUICE_API_TOKEN: String(secret.SecretString),
    SLUICE_BRONZE_BUCKET: String(stack.BronzeBucketName),
    SLUICE_SILVER_BUCKET: String(stack.SilverBucketName),
    SLUICE_GOLD_BUCKET: String(stack.GoldBucketName),
    SLUICE_QUARANTINE_BUCKET: String(stack.QuarantineBucketName),
    SLUICE_ARTIFACTS_BUCKET: String(stack.ArtifactsBucketName),
    SLUICE_LEDGER_TABLE: String(stack.LedgerName),
    SLUICE_BUS: String(stack.BusName),
  }
}
