import type { Screen } from './backfill.js'

/** How often a followed backfill is looked at. */
const LOOK_MILLISECONDS = 2_000

/** The terminal of this process, or the file or pipe that stands in for it. Ctrl-C ends the following, in order. */
export function screen(out: (text: string) => void): Screen {
  let hasLeft = false
  let wake = () => {}
  return {
    out,
    isTerminal: process.stdout.isTTY === true,
    now: () => performance.now(),
    listen: () => {
      process.once('SIGINT', () => {
        hasLeft = true
        wake()
      })
    },
    wait: async () => {
      if (hasLeft) return false
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MILLISECONDS)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      return !hasLeft
    },
  }
}
