/** The systems whose data `npm start -- --system <name>` brings in. */
export const SYSTEM_NAMES = ['finance', 'marketing', 'commerce', 'households'] as const
export type SystemName = (typeof SYSTEM_NAMES)[number]

interface Needs {
  launcher: string[]
  parameters: Record<string, string>
}

const NEEDS: Partial<Record<SystemName, Needs>> = {
  // Firehose gathers for five minutes; nobody wants to wait so long for a first look.
  finance: { launcher: ['--buffer-seconds', '2'], parameters: { streams: 'firehose' } },
}

/** What systems ask of the local AWS and of the deployment beyond what every run has. */
export function needsOf(systems: readonly SystemName[]): Needs {
  const needs = systems.flatMap((system) => NEEDS[system] ?? [])
  return {
    launcher: needs.flatMap(({ launcher }) => launcher),
    parameters: Object.assign({}, ...needs.map(({ parameters }) => parameters)),
  }
}

/** What must have come of what was brought in before a run is at rest. */
export interface Expected {
  /** Files that were landed by hand; those of extractions come on top. */
  files: number
  /** Sources whose extraction must have ended. */
  extracts: string[]
  /** Entities of which rows must be in silver. */
  entities: string[]
  /** Domains that must have been published. */
  domains: string[]
  /** Ids of syncs that must have been taken in. */
  syncs: string[]
}

export const nothingExpected: Expected = { files: 0, extracts: [], entities: [], domains: [], syncs: [] }

/** What is expected of several systems side by side: everything that is expected of each. */
export const together = (all: readonly Expected[]): Expected => ({
  files: all.reduce((sum, { files }) => sum + files, 0),
  extracts: all.flatMap(({ extracts }) => extracts),
  entities: all.flatMap(({ entities }) => entities),
  domains: all.flatMap(({ domains }) => domains),
  syncs: all.flatMap(({ syncs }) => syncs),
})
