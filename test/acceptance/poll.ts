const POLL_MILLISECONDS = 200

/** Asks until there is an answer. Throws after `seconds`, with what was waited for and what was seen last. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  { seconds, seen }: { seconds: number; seen?: () => unknown },
): Promise<T> {
  const end = performance.now() + seconds * 1_000
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) {
      throw new Error(
        `after ${seconds} s still not: ${what}${seen ? `; seen: ${JSON.stringify(seen())}` : ''}`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))
  }
}
