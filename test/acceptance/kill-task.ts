import { readdirSync, readFileSync } from 'node:fs'

/**
 * Kills the process of a run's task with SIGKILL, as a machine that ends; it is known by the run's id in its environment.
 * Reads `/proc`, so it needs Linux. Throws when there is no such process.
 */
export function killTask(runId: string): void {
  const own = `RUN_ID=${runId}`
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && environmentOf(name).includes(own))
  if (!pid) throw new Error(`no process runs for ${runId}`)
  process.kill(Number(pid), 'SIGKILL')
}

/** Empty for a process that is gone, or another user's. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return []
  }
}
