import { createHash } from 'node:crypto'

/**
 * What a message says, whoever sent it and in whatever shape: which sync it is about, and how that ended. `identity` is
 * what makes it the same sync when it is told again.
 */
export interface Heard {
  outcome: 'finished' | 'failed' | 'ignored'
  identity: readonly (string | boolean)[]
  /** In a few words, for who asks what became of it; of a failure the sender's own words. */
  why?: string
  job?: string
  connection?: string
  /** When the sync ended, as its sender says it. */
  finishedAt?: string
}

/** A message whose shape is none that the source may send; `problems` name the paths. */
export interface Unreadable {
  problems: string[]
}

/** The id under which a sync is asked for: 32 hexadecimal digits, the same whenever the same sync is told. */
export const syncIdOf = (source: string, identity: Heard['identity']): string =>
  createHash('sha256')
    .update(JSON.stringify([source, identity]))
    .digest('hex')
    .slice(0, 32)

/** A message about no sync at all, known again by its content. */
export const ignored = (why: string, body: Uint8Array): Heard => ({
  outcome: 'ignored',
  identity: ['message', createHash('sha256').update(body).digest('hex')],
  why,
})

const WORDS_MAX = 500

/** A sender's words as the ledger keeps them: on one line, and not more than it wants to keep. */
export const words = (text: string): string =>
  text.replace(/\s+/g, ' ').trim().slice(0, WORDS_MAX).toWellFormed()

/** A run of the dbt platform is the same sync whether its notice or its API told how it ended. */
export const platformIdentity = (runId: string, ok: boolean): Heard['identity'] => [runId, ok]
