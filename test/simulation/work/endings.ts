/** How ECS and Glue tell of a job's end; what of it stands in an event depends on the service. */
export interface End {
  ok: boolean
  failureClass?: string
  /** Whether the job comes to leave its report before it ends. */
  leaves: 'report' | 'bad report' | 'transient report' | 'nothing'
  stopCode?: string
  stoppedReason?: string
  containers?: { name: string; exitCode?: number; reason?: string }[]
  state?: string
  message?: string
}

const exited = (exitCode: number | undefined, reason?: string): Partial<End> => ({
  stopCode: 'EssentialContainerExited',
  stoppedReason: 'Essential container in task exited',
  containers: [{ name: 'main', ...(exitCode !== undefined && { exitCode }), ...(reason && { reason }) }],
})
const notStarted = (stoppedReason: string): Partial<End> => ({
  stopCode: 'TaskFailedToStart',
  stoppedReason,
  containers: [],
})

/** Ends of ECS tasks, in ECS's own words (DESIGN section 8 of the facts about the real services). */
export const TASK_ENDS: Record<string, End> = {
  ok: { ok: true, leaves: 'report', ...exited(0) },
  'image pull': {
    ok: false,
    failureClass: 'image_pull',
    leaves: 'nothing',
    ...notStarted('CannotPullContainerError: pull image manifest has been retried 5 time(s): not found'),
  },
  'network interface': {
    ok: false,
    failureClass: 'network_interface',
    leaves: 'nothing',
    ...notStarted('Timeout waiting for network interface provisioning to complete.'),
  },
  spot: {
    ok: false,
    failureClass: 'spot',
    leaves: 'nothing',
    ...exited(143),
    stopCode: 'SpotInterruption',
    stoppedReason: 'Your Spot Task was interrupted.',
  },
  'out of memory': {
    ok: false,
    failureClass: 'out_of_memory',
    leaves: 'nothing',
    ...exited(137, 'OutOfMemoryError: Container killed due to memory usage'),
  },
  'no exit code': { ok: false, failureClass: 'crashed', leaves: 'nothing', ...exited(undefined) },
  crashed: { ok: false, failureClass: 'crashed', leaves: 'nothing', ...exited(139) },
  reported: { ok: false, failureClass: 'reported', leaves: 'bad report', ...exited(1) },
  'reported transient': {
    ok: false,
    failureClass: 'reported_transient',
    leaves: 'transient report',
    ...exited(1),
  },
  'no report': { ok: true, failureClass: 'crashed', leaves: 'nothing', ...exited(0) },
}

/** Ends of Glue job runs. */
export const GLUE_ENDS: Record<string, End> = {
  ok: { ok: true, leaves: 'report', state: 'SUCCEEDED' },
  failed: {
    ok: false,
    failureClass: 'crashed',
    leaves: 'nothing',
    state: 'FAILED',
    message: 'SystemExit: 1',
  },
  'out of memory': {
    ok: false,
    failureClass: 'out_of_memory',
    leaves: 'nothing',
    state: 'FAILED',
    message: 'Command failed with exit code 10: java.lang.OutOfMemoryError: Java heap space',
  },
  error: {
    ok: false,
    failureClass: 'crashed',
    leaves: 'nothing',
    state: 'ERROR',
    message: 'Internal service error',
  },
  timeout: {
    ok: false,
    failureClass: 'timed_out',
    leaves: 'nothing',
    state: 'TIMEOUT',
    message: 'Job timed out',
  },
  reported: {
    ok: false,
    failureClass: 'reported',
    leaves: 'bad report',
    state: 'FAILED',
    message: 'SystemExit: 1',
  },
}

/** The end of a job that somebody stopped. */
export const STOPPED: Record<'ecs' | 'glue', End> = {
  ecs: {
    ok: false,
    failureClass: 'stopped',
    leaves: 'nothing',
    ...exited(143),
    stopCode: 'UserInitiated',
    stoppedReason: 'Task stopped by user',
  },
  glue: { ok: false, failureClass: 'stopped', leaves: 'nothing', state: 'STOPPED' },
}

/** What RunTask answers with when it starts nothing. */
export const REFUSALS = [
  'RESOURCE:MEMORY',
  'Capacity is unavailable at this time. Please try again later',
  'AGENT',
]
