/** Edits (put in, leave out, replace one character) that make one text from another. */
export function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1]
    for (const [to, wanted] of [...other].entries()) {
      const replaced = (row[to] as number) + (letter === wanted ? 0 : 1)
      next.push(Math.min(replaced, (row[to + 1] as number) + 1, (next[to] as number) + 1))
    }
    row = next
  }
  return row[other.length] as number
}

/** The known word that was probably meant, or nothing when none is near: at most a third of its letters, two at least. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[-_ ]/g, '')
  const near = known
    .map((candidate) => ({ candidate, edits: distance(plain(word), plain(candidate)) }))
    .sort((a, b) => a.edits - b.edits)[0]
  return near && near.edits <= Math.max(2, near.candidate.length / 3) ? near.candidate : undefined
}
