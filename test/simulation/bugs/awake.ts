const sleepers: ((bug: number | undefined) => void)[] = []

/** Tells a module with bugs which of them is awake, from then on. */
export const onWake = (sleeper: (bug: number | undefined) => void): number => sleepers.push(sleeper)

/** Wakes one bug, by its place in the list, and puts all others to sleep. */
export function wake(bug: number): void {
  for (const sleeper of sleepers) sleeper(bug)
}
