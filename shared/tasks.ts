import { DescribeTasksCommand, ECSClient, RunTaskCommand, StopTaskCommand } from '@aws-sdk/client-ecs'
import type { TaskStateChange } from '../events/aws.js'
import type { Ended, TaskReader, Tasks } from './work.js'

/** Starts Fargate tasks. The client token makes a repeat find the first task (ECS API reference, RunTask). */
export const tasks = (client = new ECSClient({})): Tasks => ({
  async run(request) {
    const answer = await refusable(
      client,
      new RunTaskCommand({
        clientToken: request.clientToken,
        cluster: request.cluster,
        taskDefinition: request.taskDefinition,
        startedBy: request.startedBy,
        launchType: 'FARGATE',
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: request.subnets,
            securityGroups: request.securityGroups,
            assignPublicIp: 'ENABLED',
          },
        },
        overrides: {
          containerOverrides: [
            {
              name: request.container,
              environment: Object.entries(request.environment).map(([name, value]) => ({ name, value })),
            },
          ],
        },
      }),
    )
    if ('refused' in answer) return { failed: answer.refused }
    const job = answer.tasks?.[0]?.taskArn
    if (job) return { job }
    const failures = (answer.failures ?? []).map(
      (failure) => failure.reason ?? failure.detail ?? 'no reason given',
    )
    return { failed: `ECS started no task: ${failures.join(', ') || 'no reason given'}` }
  },
})

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
    return { stopped, ...(stopped && { ended: taskEnd(task) }) }
  },
})

type TaskFacts = {
  stopCode?: string | undefined
  stoppedReason?: string | undefined
  containers?:
    | { name?: string | undefined; exitCode?: number | undefined; reason?: string | undefined }[]
    | undefined
}

/**
 * How a stopped task ended: well only when every container left with 0. A task that failed to start has no containers,
 * and one that was killed has no exit code; both are failures.
 */
export function taskEnd(task: TaskFacts | TaskStateChange['detail']): Ended {
  const containers = task.containers ?? []
  if (containers.length > 0 && containers.every((container) => container.exitCode === 0)) return { ok: true }
  const codes = containers.map(
    (container) => container.reason ?? `${container.name} left with ${container.exitCode ?? 'no exit code'}`,
  )
  const why = [task.stopCode, task.stoppedReason, ...codes].filter(Boolean).join('; ')
  return { ok: false, reason: why || 'the task stopped without a reason' }
}
