/**
 * The settings that the template gives to every function. Names of things only: a secret is never in here.
 * Throws where one is read that the template forgot, with its name.
 */
const names = [
  'STAGE',
  'LEDGER_TABLE',
  'BUS_NAME',
  'BRONZE_BUCKET',
  'SILVER_BUCKET',
  'GOLD_BUCKET',
  'QUARANTINE_BUCKET',
  'ARTIFACTS_BUCKET',
  'CLUSTER_ARN',
  'SUBNETS',
  'SECURITY_GROUP',
  'CLEANSE_TASK',
  'DBT_TASK',
  'EXTRACT_TASK',
  'COMPACT_TASK',
  'COMPACT_CPU',
  'COMPACT_MEMORY',
  'COMPACT_TARGET_BYTES',
  'COMPACT_GRACE_SECONDS',
  'EXTRACT_CPU',
  'EXTRACT_MEMORY',
  'TASK_CAPACITY',
  'TASK_CPU',
  'TASK_MEMORY',
  'GLUE_JOB',
  'GLUE_COMPACT_JOB',
  'GLUE_WORKER_TYPE',
  'GLUE_WORKERS',
  'GLUE_SCRIPT_URI',
  'GLUE_MODULES_URI',
  'CLEANSE_ENGINE',
  'SPARK_FROM_BYTES',
  'SILVER_DATABASE',
  'GOLD_DATABASE',
  'GOLD_EDITIONS_DATABASE',
  'EDITIONS_KEPT',
  'EDITIONS_KEPT_DAYS',
  'EDITIONS_GRACE_SECONDS',
  'WORKGROUP',
  'API_TOKEN_SECRET',
  'ALERTS_TOPIC',
  'ALERT_SECRETS',
  'SCHEMA_REGISTRY',
  'LINEAGE_SECRET',
  'DOOR_BODY_BYTES',
  'LATER_QUEUE_URL',
] as const

type Name = (typeof names)[number]

export const env = new Proxy({} as Readonly<Record<Name, string>>, {
  get(_, name: string) {
    const value = process.env[name]
    if (value === undefined)
      throw new Error(`the environment variable ${name} is missing: serverless.yml sets it`)
    return value
  },
})

/** What the Lambda service says of the present invocation's trace; nothing elsewhere. */
export const tracing = {
  get header(): string | undefined {
    return process.env._X_AMZN_TRACE_ID
  },
  get daemon(): string | undefined {
    return process.env.AWS_XRAY_DAEMON_ADDRESS
  },
}
