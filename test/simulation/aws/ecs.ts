import { isDeepStrictEqual } from 'node:util'
import { awsError, type Command, type Effect, type Fault, kindOf } from '../effect.js'
import type { Found } from '../evidence.js'
import type { Job, Told, Work } from '../work/work.js'

/** How long ECS remembers a stopped task, in milliseconds. */
const REMEMBERED = 3_600_000

/** How long a task that was started may not be known to a reading call, in milliseconds. */
const UNKNOWN = 20_000

const FAULTS_OF: Partial<Record<string, Fault[]>> = {
  RunTask: ['lost answer', 'no task'],
  DescribeTasks: ['stale read'],
  ListTasks: ['stale read'],
}

/** The kind of run whose task has this container. */
const KINDS = { cleanse: 'cleanse', dbt: 'build', extract: 'extract', compact: 'compact' } as const

/** ECS's commands: one task per client token, whose end the work decides. */
export function ecs(work: Work, now: () => number) {
  const isYoung = ({ startedAt }: Job) => now() - startedAt < UNKNOWN
  const byToken = new Map<string, { job: Job; input: unknown; at: number }>()
  return (command: Command): Effect => {
    const { input } = command
    const kind = kindOf(command)
    const container = input.overrides?.containerOverrides?.[0]?.name
    const faults = FAULTS_OF[kind] ?? []
    const apply = (fault: Fault | undefined) => {
      if (kind === 'RunTask') return run(input, fault)
      if (kind === 'DescribeTasks') return describe(input.tasks, fault)
      if (kind === 'ListTasks') return list(input.startedBy, fault)
      if (kind === 'StopTask') return stop(input.task)
      throw new Error(`the simulated ECS knows no ${kind}`)
    }
    return {
      name: container ? `${kind} ${container}` : kind,
      faults,
      throttled: 'ThrottlingException',
      apply,
    }
  }

  function run(input: Command['input'], fault: Fault | undefined) {
    const known = input.clientToken && byToken.get(input.clientToken)
    if (known) {
      if (!isDeepStrictEqual(known.input, input))
        throw awsError('ConflictException', 'another request, same token')
      return { tasks: [{ taskArn: known.job.id }], failures: [] }
    }
    if (fault === 'no task') return { tasks: [], failures: [{ reason: work.refusal() }] }
    const [runId, attempt] = String(input.startedBy).split('/')
    const before = work.running().find((one) => one.runId === runId && !one.stopping)
    if (before) work.complain(`${before.id} of the run is still running when ${attempt} starts`)
    const variables = input.overrides.containerOverrides[0].environment as { name: string; value: string }[]
    const planUri = variables.find(({ name }) => name === 'PLAN_URI')?.value ?? ''
    const job = work.start({
      service: 'ecs',
      kind: KINDS[input.overrides.containerOverrides[0].name as keyof typeof KINDS],
      runId: runId as string,
      attempt: Number(attempt),
      planUri,
      capacity: input.capacityProviderStrategy?.[0]?.capacityProvider ?? 'FARGATE',
    })
    byToken.set(input.clientToken, { job, input, at: now() })
    return { tasks: [{ taskArn: job.id }], failures: [] }
  }

  function describe([arn]: string[], fault: Fault | undefined) {
    const job = work.find(arn as string)
    if (!job || (fault && isYoung(job)) || (job.told !== undefined && now() - job.told > REMEMBERED))
      return { tasks: [] }
    return { tasks: [taskDetail(job)] }
  }

  /** A stopped task is listed no more. */
  function list(startedBy: string, fault: Fault | undefined) {
    const found = work
      .running()
      .filter((job) => `${job.runId}/${job.attempt}` === startedBy && !(fault && isYoung(job)))
    return { taskArns: found.map(({ id }) => id) }
  }

  function stop(arn: string) {
    work.stop(arn)
    return {}
  }
}

/** A task as DescribeTasks and the event describe it. */
function taskDetail(job: Job) {
  const over = job.endedAt !== undefined
  return {
    taskArn: job.id,
    startedBy: `${job.runId}/${job.attempt}`,
    lastStatus: over ? 'STOPPED' : 'RUNNING',
    version: over ? 6 : 3,
    ...(over ? endOf(job) : { containers: [{ name: 'main' }] }),
  }
}

/** What ECS says of an end; how the job fared is not ECS's to know. */
function endOf({ ended }: Job) {
  const { stopCode, stoppedReason, containers } = ended ?? {}
  return { stopCode, stoppedReason, containers }
}

/** The name and the detail of the event that tells of a job's end, or of an ECS task before it. */
export function endTold(job: Job, how: Told): [string, Found] {
  if (job.service === 'glue') {
    const detail = { jobName: job.kind, state: job.ended?.state, jobRunId: job.id }
    return ['Glue Job State Change', detail]
  }
  const early = { lastStatus: 'DEPROVISIONING', containers: [{ name: 'main', exitCode: 0 }] }
  // As a sample of such a notice says it: the container still runs.
  const notice = { desiredStatus: 'STOPPED', stopCode: 'SpotInterruption' }
  const more = { notice, early, over: {} }[how]
  return ['ECS Task State Change', { ...taskDetail(job), ...more }]
}
