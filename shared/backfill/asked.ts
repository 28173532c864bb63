import { iso } from '../clock.js'
import type { Ask, Backfill } from './backfill.js'

/** What a person may ask for, and what the backfill then is; nothing when it cannot be done. */
export function asked(before: Backfill, what: Ask, now: number): Backfill | undefined {
  const { state } = before
  if (what === 'pause') return state === 'running' ? { ...before, state: 'paused' } : undefined
  if (what === 'cancel') return cancelled(before, now)
  if (state !== 'paused' && state !== 'failed') return undefined
  const { endedAt, reason, ...rest } = before
  const failed = before.failed.map((chunk) => ({ ...chunk, tries: 0, mayHelp: true }))
  return { ...rest, state: 'running', failed, failedInRow: 0 }
}

function cancelled(before: Backfill, now: number): Backfill | undefined {
  if (before.state === 'done' || before.state === 'cancelled') return undefined
  const isOver = Object.keys(before.slots).length === 0
  return { ...before, state: 'cancelled', ...(isOver && { endedAt: iso(now) }) }
}
