import * as z from 'zod'

/** AWS's events as far as the stages read them. Unknown keys are tolerated: the senders add some at will. */

const header = { id: z.string(), time: z.string() }

/**
 * S3 "Object Created" through EventBridge. `size`, `etag`, `version-id` and `sequencer` may be missing, keys are not
 * URL-encoded (S3 user guide, "EventBridge event message structure").
 */
export const objectCreated = z.object({
  ...header,
  'detail-type': z.literal('Object Created'),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string().min(1),
      size: z.number().optional(),
      'version-id': z.string().optional(),
    }),
  }),
})
export type ObjectCreated = z.infer<typeof objectCreated>

const variable = z.object({ name: z.string().optional(), value: z.string().optional() })
const taskOverrides = z.object({
  containerOverrides: z.array(z.object({ environment: z.array(variable).optional() })).optional(),
})

/** ECS "Task State Change": over only at `lastStatus` STOPPED; `containers` may be empty and `exitCode` absent. */
export const taskStateChange = z.object({
  ...header,
  'detail-type': z.literal('ECS Task State Change'),
  detail: z.object({
    taskArn: z.string(),
    lastStatus: z.string(),
    startedBy: z.string().optional(),
    stopCode: z.string().optional(),
    stoppedReason: z.string().optional(),
    overrides: taskOverrides.optional(),
    containers: z
      .array(z.object({ name: z.string(), exitCode: z.number().optional(), reason: z.string().optional() }))
      .default([]),
  }),
})
export type TaskStateChange = z.infer<typeof taskStateChange>

/** Glue "Job State Change": best effort and without arguments, so it is only a hint to ask GetJobRun. */
export const jobStateChange = z.object({
  ...header,
  'detail-type': z.literal('Glue Job State Change'),
  detail: z.object({ jobName: z.string(), state: z.string(), jobRunId: z.string() }),
})
export type JobStateChange = z.infer<typeof jobStateChange>

/** CloudWatch "Alarm State Change": comes with each change of an alarm's state, in any direction. */
export const alarmStateChange = z.object({
  ...header,
  'detail-type': z.literal('CloudWatch Alarm State Change'),
  detail: z.object({
    alarmName: z.string().min(1),
    state: z.object({
      value: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']),
      reason: z.string().default(''),
      timestamp: z.string().optional(),
    }),
  }),
})
export type AlarmStateChange = z.infer<typeof alarmStateChange>

/** An EventBridge rule with a rate: carries nothing but its time. */
export const tick = z.object({ ...header, 'detail-type': z.literal('Scheduled Event') })
export type Tick = z.infer<typeof tick>
