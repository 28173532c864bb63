import * as z from 'zod'

/** The name of a source, an entity or a domain: it becomes a part of keys, paths and lanes. */
export const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,62}$/,
    'a name is lower case letters, digits, - and _, at most 63, a letter first',
  )

/** Secrets Manager allows letters, digits and /_+=.@- in the name of a secret. */
export const secret = z
  .string()
  .regex(
    /^[A-Za-z0-9/_+=.@-]{1,512}$/,
    'the name of a secret is letters, digits and /_+=.@-; the value stays in Secrets Manager',
  )
  .describe('Name of the secret in Secrets Manager. The value never stands in a file.')

const header = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'a header’s name is letters, digits and -, at most 64')
const pointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)+$/, 'a JSON Pointer such as /data/jobId (RFC 6901)')
  .describe('JSON Pointer (RFC 6901) into the body.')
const httpsUrl = z
  .string()
  .regex(/^https:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/, 'an https:// address without user or query')

export const pathKey = z.strictObject({
  method: z
    .literal('path-key')
    .describe('A secret last segment of the path, for senders that can do no better.'),
  secret,
})
export const apiKey = z.strictObject({
  method: z.literal('api-key').describe('The header X-API-Key.'),
  secret,
})
export const hmac = z.strictObject({
  method: z.literal('hmac').describe('HMAC-SHA256 over the timestamp and the raw body.'),
  secret,
  signatureHeader: header.describe('Header that holds the signature.'),
  timestampHeader: header.describe('Header that holds the time of sending, in seconds since 1970.'),
  replayWindowSeconds: z
    .int()
    .min(30)
    .max(3600)
    .default(300)
    .describe('How far the timestamp may be from now, either way, in seconds.'),
})
export const dbtPlatform = z.strictObject({
  method: z.literal('dbt-platform').describe('The header Authorization: hex HMAC-SHA256 of the raw body.'),
  secret,
})

/** `offset` of an ISO time is no zone, and `Intl` takes offsets in some versions of Node only. */
const isTimeZone = (zone: string) => {
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).format(0) !== ''
  } catch {
    return false
  }
}
const timeZone = z
  .string()
  .superRefine((zone, context) => {
    if (isTimeZone(zone)) return
    const candidates = ['UTC', ...Intl.supportedValuesOf('timeZone')]
    context.addIssue({
      code: 'custom',
      message: `no time zone "${zone}"`,
      params: { value: zone, candidates },
    })
  })
  .default('UTC')
  .describe('IANA name of the time zone in which the schedule is meant.')

/** EventBridge Scheduler: six fields, and one of day of month and day of week is a question mark. */
const CRON = /^\S+ \S+ (\S+ \S+ \?|\? \S+ \S+) \S+$/
const FIELD = /^[0-9A-Z*?,/#LW-]+$/
const isCron = (text: string) => CRON.test(text) && text.split(' ').every((field) => FIELD.test(field))

export const schedule = z
  .strictObject({
    cron: z
      .string()
      .refine(isCron, 'six fields as EventBridge Scheduler writes them, such as 0 2 * * ? *')
      .optional()
      .describe('Minute, hour, day of month, month, day of week, year, as in EventBridge Scheduler.'),
    rate: z
      .string()
      .regex(
        /^(1 (minute|hour|day)|([2-9]|[1-9]\d{1,3}) (minutes|hours|days))$/,
        'such as 15 minutes or 1 hour',
      )
      .optional()
      .describe('How often, such as 15 minutes.'),
    timeZone,
  })
  .superRefine(({ cron, rate }, context) => {
    if ((cron === undefined) !== (rate === undefined)) return
    context.addIssue({ code: 'custom', message: 'needs either cron or rate, and not both' })
  })
  .describe('When the source is asked. Either cron or rate.')

/** What a sync of a warehouse source builds: the data is in the warehouse already, so it names models, not entities. */
export const warehouse = z.strictObject({
  domain: name.describe('Domain whose lane builds.'),
  selectors: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z0-9_@+*][A-Za-z0-9_.:+@*,/-]*$/, 'a selector of dbt, such as stg_google_ads+'),
    )
    .min(1)
    .max(20)
    .describe('Selectors of dbt, built in this order.'),
  refreshColumn: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of a column')
    .default('_airbyte_extracted_at')
    .describe('Column that tells whether new data came. Older Airbyte writes _airbyte_emitted_at.'),
  tells: z
    .enum(['always', 'sometimes'])
    .optional()
    .describe(
      'Whether whoever loads these tables says so each time, at the door or when asked: then a request without any news starts no container. `sometimes` where others load them too. It is `always` where there is a door, or an API that is asked.',
    ),
})

/** How the fields of a foreign body become a finished sync. */
export const mapping = z.strictObject({
  syncId: pointer.describe('JSON Pointer to what identifies the sync: a repeated one has no effect.'),
  succeeded: z
    .strictObject({
      at: pointer,
      values: z
        .array(z.union([z.string(), z.number(), z.boolean()]))
        .min(1)
        .max(20)
        .describe('Values that mean success.'),
    })
    .optional()
    .describe(
      'Where the outcome stands, and which values mean success. Without it every message is a success.',
    ),
  finishedAt: pointer.optional().describe('JSON Pointer to the time at which the sync ended, ISO 8601.'),
})

/** A job that Sluice itself starts, by the platform’s administrative API. */
export const start = z
  .strictObject({
    url: httpsUrl.describe('Address of the platform, such as https://cloud.getdbt.com.'),
    accountId: z.string().regex(/^\d+$/, 'the id of an account, in quotes'),
    jobId: z.string().regex(/^\d+$/, 'the id of a job, in quotes'),
    secret,
  })
  .describe('Start this job when the schedule or a person asks; its end is heard of as of any other.')

/** A question back to the sender’s API: does this sync exist, and did it succeed? */
export const confirm = z.strictObject({ url: httpsUrl.describe('Address of the API.'), secret })

/** How a REST API wants its key. */
export const keyPlace = z
  .strictObject({
    place: z.enum(['header', 'query']).describe('Where the key goes.'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, _ and -')
      .describe('Name of the header or parameter.'),
  })
  .describe('How the key is sent.')
export const url = httpsUrl
