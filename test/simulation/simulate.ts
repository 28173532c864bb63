import { Worker } from 'node:worker_threads'
import { type Summary, together } from './run-seeds.js'
import type { Job } from './worker.js'

interface Message {
  done?: number
  line?: string
  summary?: Summary
}

export interface Simulation extends Omit<Job, 'every'> {
  workers: number
  onLine?: (line: string) => void
  onDone?: (done: number) => void
}

/** Runs seeds in worker threads on a bundle; each worker takes every n-th seed, so that the result is the same. */
export async function simulate(
  bundle: string,
  { workers, onLine, onDone, ...job }: Simulation,
): Promise<Summary> {
  const done = Array.from({ length: workers }, () => 0)
  const shares = done.map((_, place) => {
    const share: Job = { ...job, start: job.start + place, seeds: job.seeds - place, every: workers }
    return run(bundle, share, (message) => {
      if (message.line !== undefined) onLine?.(message.line)
      if (message.done === undefined) return
      done[place] = message.done
      onDone?.(done.reduce((sum, one) => sum + one, 0))
    })
  })
  return together(await Promise.all(shares))
}

function run(bundle: string, workerData: Job, onMessage: (message: Message) => void): Promise<Summary> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, POWERTOOLS_LOG_LEVEL: 'SILENT' }
    const worker = new Worker(bundle, { workerData, env })
    let summary: Summary | undefined
    worker.on('message', (message: Message) => {
      summary = message.summary ?? summary
      onMessage(message)
    })
    worker.on('error', reject)
    worker.on('exit', () =>
      summary ? resolve(summary) : reject(new Error('a worker ended without a result')),
    )
  })
}
