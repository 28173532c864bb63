/** The faults of a chaos run, as `local/faults/chaos.py` names them: shares, and seconds. */
export const FAULTS = {
  handlerKilled: 0.2,
  workerEverySeconds: 7,
  deliveryDropped: 0.05,
  deliveryDoubled: 0.15,
  deliveryDelayed: 0.1,
  delaySecondsMax: 15,
  objectEventDoubled: 0.5,
  taskKilled: 0.2,
  jobKilled: 0.3,
} as const

export interface Struck {
  fault: string
  at: number
  [what: string]: unknown
}

export interface Told {
  counts: Record<string, { chances: number; struck: number }>
  struck: Struck[]
}

/** Sets the faults of the local AWS from now on; none given ends them all. */
export async function setFaults(endpoint: string, faults: Record<string, number> = {}): Promise<void> {
  const answer = await fetch(`${endpoint}/_sluice/chaos`, { method: 'POST', body: JSON.stringify(faults) })
  if (!answer.ok) throw new Error(`the local AWS refuses the faults: ${await answer.text()}`)
}

/** What struck so far. */
export async function told(endpoint: string): Promise<Told> {
  const answer = await fetch(`${endpoint}/_sluice/chaos`)
  return (await answer.json()) as Told
}
