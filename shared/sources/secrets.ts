import type { Declared } from '../declared.js'

/** The names of all secrets that the declared sources name, each once, in order. */
export function secretNames({ sources }: Pick<Declared, 'sources'>): string[] {
  const names = Object.values(sources).flatMap(({ door, extract, start }) => [
    door?.auth.secret,
    door?.confirm?.secret,
    extract?.secret,
    start?.secret,
  ])
  return [...new Set(names.filter((name) => name !== undefined))].sort()
}
