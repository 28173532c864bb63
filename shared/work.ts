import type { FailureClass } from '../events/catalog.js'

/** The services that do heavy work, as far as a stage needs them. */

/** What failed, and the class that says what is done about it. */
export type Failed = {
  reason: string
  failureClass: FailureClass
}

export type Started = { job: string } | { busy: true } | { failed: string; failureClass: FailureClass }

/** How an attempt's job ended. */
export type Ended = { ok: true } | ({ ok: false } & Failed)

/** ECS RunTask's request, stored as it is sent, so that a repeat with the same token finds the first task. */
export interface TaskRequest {
  clientToken: string
  cluster: string
  taskDefinition: string
  startedBy: string
  subnets: string[]
  securityGroups: string[]
  /** Spot tasks cost less, and AWS may take them back. */
  capacity: Capacity
  /** More than the task definition gives, in CPU units and MiB as Fargate offers them together. */
  size?: Size
  container: string
  environment: { RUN_ID: string; PLAN_URI: string; CORRELATION_ID: string }
}

export type Capacity = 'spot' | 'on demand'
export type Size = {
  cpu: number
  memory: number
}

/** What all tasks of a kind have alike. */
export type TaskSettings = Pick<TaskRequest, 'cluster' | 'taskDefinition' | 'subnets' | 'securityGroups'> & {
  capacity: Capacity
  /** What the task definition gives, so that the next size is known. */
  size: Size
}

export interface Tasks {
  /** Starts a task, or finds the one that the same token started; `failed` when ECS answers without a task. */
  run(request: TaskRequest): Promise<Started>
  /** The task that runs under this name, if one does; a stopped one is not found. */
  find(request: Pick<TaskRequest, 'cluster' | 'startedBy'>): Promise<string | undefined>
}

interface TaskState {
  stopped: boolean
  ended?: Ended
}

export interface TaskReader {
  /** The state of a task, or nothing when ECS no longer knows it (about an hour after its end). */
  describe(taskArn: string): Promise<TaskState | undefined>
}

export interface GlueArguments {
  runId: string
  attempt: number
  planUri: string
  correlationId?: string
  /** A larger worker than the job's own. */
  workerType?: string
}

export interface Jobs {
  /** Starts a Glue job run once, without retries of its own; `busy` at the concurrency limit. */
  start(request: GlueArguments): Promise<Started>
  /** The id of the job run of this run and attempt, if Glue knows one. It may be stale. */
  find(runId: string, attempt: number): Promise<string | undefined>
  /** Asks Glue to stop a job run; best effort. */
  stop(jobRunId: string): Promise<void>
}

export interface JobReader {
  /** A job run's own arguments and how it ended, `ended` absent while it runs. */
  get(
    jobRunId: string,
  ): Promise<{ runId: string; attempt: number; correlationId?: string; ended?: Ended } | undefined>
}

/** Where plans and reports lie. */
export interface Plans {
  /** Writes a JSON object unless it exists, and gives its URI; the first writer's content stays. */
  writeOnce(key: string, content: unknown): Promise<string>
}

export interface Reports {
  /** A JSON object of the artifacts bucket, or nothing when it does not exist. */
  read(key: string): Promise<unknown>
}
