/** Takes one line of a trace; what happens often gives it as a function, which costs nothing while nobody reads it. */
export type Trace = (what: string | (() => string)) => void
