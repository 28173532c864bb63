/** Runs `work` for each item, at most `width` at a time. */
export async function eachAtOnce<T>(
  items: T[],
  width: number,
  work: (item: T, position: number) => Promise<void>,
) {
  const positions = items.keys()
  const worker = async () => {
    for (const position of positions) await work(items[position] as T, position)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
}
