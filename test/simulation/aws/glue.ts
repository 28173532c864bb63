import { awsError, type Command, type Effect, type Fault, kindOf } from '../effect.js'
import type { Job, Work } from '../work/work.js'

const STALE = 45_000
const CONCURRENT_MAX = 3
const CALLS: Record<string, Fault[]> = {
  StartJobRun: ['lost answer', 'busy'],
  GetJobRuns: ['stale read'],
  CreateTable: ['lost answer'],
  UpdateTable: ['lost answer'],
  DeleteTable: ['lost answer'],
  BatchCreatePartition: ['lost answer'],
}

interface Table {
  VersionId: string
  input: Command['input']
}

/** Glue's commands: job runs without a token, and the catalog with its optimistic lock. */
export function glue(work: Work, tables: Map<string, Table>, partitions: Set<string>, now: () => number) {
  /** Whether a listing ever hid what was started last: then a second job is nobody's fault. */
  let blind = false
  return (command: Command): Effect => {
    const { input } = command
    const kind = kindOf(command)
    const apply = (fault: Fault | undefined) => answer(kind, input, fault)
    return { name: kind, faults: CALLS[kind] ?? [], throttled: 'ThrottlingException', apply }
  }

  function answer(kind: string, input: Command['input'], fault: Fault | undefined): unknown {
    if (kind === 'StartJobRun') return start(input, fault)
    if (kind === 'GetJobRun') return { JobRun: shown(ofJob(input)) }
    if (kind === 'GetJobRuns') return list(input, fault)
    if (kind === 'BatchStopJobRun') return input.JobRunIds.map((id: string) => work.stop(id))
    if (kind === 'BatchCreatePartition') return register(input)
    if (kind === 'GetTable') return getTable(`${input.DatabaseName}.${input.Name}`)
    if (kind === 'DeleteTable') return deleteTable(`${input.DatabaseName}.${input.Name}`)
    if (kind === 'CreateTable' || kind === 'UpdateTable') return putTable(kind, input)
    throw new Error(`the simulated Glue knows no ${kind}`)
  }

  /** A run is known to its own job only. */
  function ofJob({ JobName, RunId }: Command['input']) {
    const job = work.find(RunId)
    if (job && job.kind !== JobName) throw awsError('EntityNotFoundException')
    return job
  }

  function start({ JobName, Arguments: given }: Command['input'], fault: Fault | undefined) {
    const running = work.jobs.filter(({ service, endedAt }) => service === 'glue' && endedAt === undefined)
    if (fault === 'busy' || running.length >= CONCURRENT_MAX)
      throw awsError('ConcurrentRunsExceededException')
    const before = running.find(({ runId, stopping }) => runId === given['--run_id'] && !stopping)
    if (before && !blind)
      work.complain(`${before.id} of the run is still running when ${given['--attempt']} starts`)
    const job = work.start({
      service: 'glue',
      kind: JobName,
      runId: given['--run_id'],
      attempt: Number(given['--attempt']),
      planUri: given['--plan_uri'],
      capacity: 'glue',
    })
    return { JobRunId: job.id }
  }

  /** Newest first, in pages; a stale answer misses what was started last. */
  function list({ JobName, MaxResults = 200, NextToken = '0' }: Command['input'], fault: Fault | undefined) {
    if (fault === 'stale read') blind = true
    const until = fault === 'stale read' ? now() - STALE : now()
    const runs = work.jobs
      .filter(({ service, kind, startedAt }) => service === 'glue' && kind === JobName && startedAt <= until)
      .reverse()
    const end = Number(NextToken) + Math.min(MaxResults, 200)
    return {
      JobRuns: runs.slice(Number(NextToken), end).map(shown),
      ...(end < runs.length && { NextToken: `${end}` }),
    }
  }

  function register({ TableName, PartitionInputList }: Command['input']) {
    const Errors = []
    for (const { Values } of PartitionInputList as { Values: string[] }[]) {
      const key = `${TableName}/${Values.join('/')}`
      if (partitions.has(key))
        Errors.push({ PartitionValues: Values, ErrorDetail: { ErrorCode: 'AlreadyExistsException' } })
      partitions.add(key)
    }
    return { Errors }
  }

  function getTable(name: string) {
    const table = tables.get(name)
    if (!table) throw awsError('EntityNotFoundException')
    return { Table: { ...table.input.TableInput, VersionId: table.VersionId } }
  }

  function deleteTable(name: string) {
    if (!tables.delete(name)) throw awsError('EntityNotFoundException')
    return {}
  }

  function putTable(kind: string, input: Command['input']) {
    const name = `${input.DatabaseName}.${input.TableInput.Name}`
    const known = tables.get(name)
    if (kind === 'CreateTable' && known) throw awsError('AlreadyExistsException')
    if (kind === 'UpdateTable' && known?.VersionId !== input.VersionId)
      throw awsError('ConcurrentModificationException')
    tables.set(name, { VersionId: String(Number(known?.VersionId ?? 0) + 1), input })
    return {}
  }
}

/** A job run as GetJobRun shows it: it may be STOPPING for a while. */
function shown(job: Job | undefined) {
  if (!job) return undefined
  const { id, runId, attempt, endedAt, ended, stopping } = job
  const state = endedAt === undefined ? (stopping ? 'STOPPING' : 'RUNNING') : ended?.state
  return {
    Id: id,
    JobRunState: state,
    ...(ended?.message && { ErrorMessage: ended.message }),
    Arguments: { '--run_id': runId, '--attempt': String(attempt), '--plan_uri': job.planUri },
  }
}
