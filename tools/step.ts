/** One step of a longer work, as people follow it. */
export interface Step<T> {
  title: string
  /** Said before it begins, where it may take long. */
  doing?: string
  work(): T | Promise<T>
  /** What came of it, in words. */
  told(result: T): string
}

const TITLE_WIDTH = 10
const TOLD_WIDTH = 60

/** Does a step and says how long it took. A step that fails says nothing more: its error does. */
export async function step<T>(
  say: (line: string) => void,
  { title, doing, work, told }: Step<T>,
): Promise<T> {
  const name = `  ${title.padEnd(TITLE_WIDTH)} `
  if (doing) say(`${name}${doing} …`)
  const begun = performance.now()
  const result = await work()
  const took = ((performance.now() - begun) / 1_000).toFixed(1)
  say(`${name}${told(result).padEnd(TOLD_WIDTH)} ${took.padStart(6)} s`)
  return result
}
