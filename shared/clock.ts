import { monotonicFactory } from 'ulid'

export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number
  /** A new id: 26 lower-case letters and digits that sort by the time at which they were made. */
  newId(): string
}

const next = monotonicFactory()

/** The real clock of a Lambda. */
export const systemClock: Clock = {
  now: () => Date.now(),
  newId: () => next().toLowerCase(),
}

/** An ISO 8601 time in UTC with milliseconds, from milliseconds since 1970. */
export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()
