import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
} from '@aws-sdk/client-ecs'
import { classifyStart, classifyTask } from './classify.js'
import { correlationOf } from './correlation.js'
import { attemptName, type Run } from './run.js'
import type { Size, TaskReader, TaskRequest, TaskSettings, Tasks } from './work.js'

/** Starts Fargate tasks. The client token makes a repeat find the first task (ECS API reference, RunTask). */
export const tasks = (client = new ECSClient({})): Tasks => ({
  async run(request) {
    const answer = await refusable(client, new RunTaskCommand(runTask(request)))
    if ('refused' in answer) return { failed: answer.refused, failureClass: classifyStart(answer.refused) }
    const job = answer.tasks?.[0]?.taskArn
    if (job) return { job }
    const failures = (answer.failures ?? []).map(
      (failure) => failure.reason ?? failure.detail ?? 'no reason given',
    )
    const failed = `ECS started no task: ${failures.join(', ') || 'no reason given'}`
    return { failed, failureClass: failures.length > 0 ? classifyStart(failed) : 'capacity' }
  },
  async find({ cluster, startedBy }) {
    const asked = { cluster, startedBy, desiredStatus: 'RUNNING' as const }
    return (await client.send(new ListTasksCommand(asked))).taskArns?.[0]
  },
})

/** RunTask's input. A launch type and a capacity provider exclude each other (ECS API reference, RunTask). */
function runTask(request: TaskRequest): RunTaskCommandInput {
  const { clientToken, cluster, taskDefinition, startedBy, subnets, securityGroups, size } = request
  const environment = Object.entries(request.environment).map(([name, value]) => ({ name, value }))
  const where = { subnets, securityGroups, assignPublicIp: 'ENABLED' as const }
  return {
    clientToken,
    cluster,
    taskDefinition,
    startedBy,
    ...(request.capacity === 'spot'
      ? { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] }
      : { launchType: 'FARGATE' as const }),
    networkConfiguration: { awsvpcConfiguration: where },
    overrides: {
      ...(size && { cpu: String(size.cpu), memory: String(size.memory) }),
      containerOverrides: [{ name: request.container, environment }],
    },
  }
}

/** The most that Fargate gives to one task: 16 vCPU with 120 GB (ECS developer guide, "Task CPU and memory"). */
const SIZE_MAX: Size = { cpu: 16_384, memory: 122_880 }

/** A task's size that many steps above `base`: each step doubles CPU and memory, as far as Fargate goes. */
export const sizeAbove = (base: Size, steps: number): Size => ({
  cpu: Math.min(base.cpu * 2 ** steps, SIZE_MAX.cpu),
  memory: Math.min(base.memory * 2 ** steps, SIZE_MAX.memory),
})

/**
 * The request of one attempt's task: stored as it is sent, so that a repeat is identical. On demand after AWS took a
 * spot task back, and larger after one ran out of memory.
 */
export function taskRequest(
  { capacity, size, ...settings }: TaskSettings,
  run: Pick<Run, 'runId' | 'onDemand' | 'larger' | 'correlationId'>,
  attempt: number,
  container: string,
  planUri: string,
): TaskRequest {
  return {
    clientToken: attemptName(run.runId, attempt).replace('/', '-'),
    startedBy: attemptName(run.runId, attempt),
    ...settings,
    capacity: run.onDemand ? 'on demand' : capacity,
    ...(run.larger && { size: sizeAbove(size, run.larger) }),
    container,
    environment: { RUN_ID: run.runId, PLAN_URI: planUri, CORRELATION_ID: correlationOf(run) },
  }
}

/** Requests that ECS will refuse however often they come (ECS API reference, RunTask errors). */
const REFUSALS = [
  'ClientException',
  'InvalidParameterException',
  'PlatformUnknownException',
  'ClusterNotFoundException',
]

async function refusable(client: ECSClient, command: RunTaskCommand) {
  try {
    return await client.send(command)
  } catch (error) {
    if (!(error instanceof Error) || !REFUSALS.includes(error.name)) throw error
    return { refused: `ECS refused the task: ${error.message}` }
  }
}

/** Asks ECS to stop a task that a newer attempt has replaced; best effort. */
export const stopTask =
  (cluster: string, client = new ECSClient({})) =>
  async (task: string): Promise<void> => {
    await client.send(new StopTaskCommand({ cluster, task, reason: 'another attempt took over' }))
  }

/** Reads the state of tasks. */
export const taskReader = (cluster: string, client = new ECSClient({})): TaskReader => ({
  async describe(taskArn) {
    const answer = await client.send(new DescribeTasksCommand({ cluster, tasks: [taskArn] }))
    const task = answer.tasks?.[0]
    if (!task) return undefined
    const stopped = task.lastStatus === 'STOPPED'
    return { stopped, ...(stopped && { ended: classifyTask(task) }) }
  },
})
