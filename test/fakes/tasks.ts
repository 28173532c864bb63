import { isDeepStrictEqual } from 'node:util'
import { classifyStart, classifyTask } from '../../shared/classify.js'
import type { Ended, Started, TaskReader, TaskRequest, Tasks } from '../../shared/work.js'
import { stored } from './ledger-item.js'

interface Task {
  job: string
  request: TaskRequest
  ended?: Ended
}

/** ECS, as far as the stages see it: one task per client token, and it stays until a test forgets it. */
export class FakeTasks implements Tasks, TaskReader {
  readonly tasks: Task[] = []
  readonly requests: TaskRequest[] = []
  readonly stopped: string[] = []
  /** Reasons that ECS gives in `failures`, one for each of the next calls. */
  failing: string[] = []

  async run(request: TaskRequest): Promise<Started> {
    this.requests.push(stored(request))
    const known = this.tasks.find((task) => task.request.clientToken === request.clientToken)
    if (known && !isDeepStrictEqual(known.request, request))
      throw Object.assign(new Error('the token was used for another request'), { name: 'ConflictException' })
    if (known) return { job: known.job }
    const reason = this.failing.shift()
    if (reason) return { failed: `ECS started no task: ${reason}`, failureClass: classifyStart(reason) }
    const job = `arn:aws:ecs:eu-west-1:111122223333:task/sluice/${this.tasks.length}`
    this.tasks.push({ job, request: stored(request) })
    return { job }
  }

  async find({ startedBy }: Pick<TaskRequest, 'startedBy'>): Promise<string | undefined> {
    return this.running().find(({ request }) => request.startedBy === startedBy)?.job
  }

  async describe(taskArn: string) {
    const task = this.tasks.find(({ job }) => job === taskArn)
    return task && { stopped: task.ended !== undefined, ...(task.ended && { ended: task.ended }) }
  }

  readonly stop = async (taskArn: string): Promise<void> => {
    this.stopped.push(taskArn)
    this.end(taskArn, classifyTask({ stopCode: 'UserInitiated' }))
  }

  end(taskArn: string, ended: Ended): void {
    const task = this.tasks.find(({ job }) => job === taskArn)
    if (task && !task.ended) task.ended = ended
  }

  running(): Task[] {
    return this.tasks.filter(({ ended }) => !ended)
  }
}
