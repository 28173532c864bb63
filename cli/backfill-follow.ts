import { type BackfillView, bar } from './backfill-text.js'
import { UserError } from './config.js'
import { plain } from './render.js'

/** What following needs of the world; a test passes its own. */
export interface Follow {
  /** The backfill as it is now. */
  look(): Promise<BackfillView>
  out(text: string): void
  isTerminal: boolean
  /** From now on Ctrl-C ends the waiting, not the process. */
  listen(): void
  /** Waits until the next look; gives false when the person does not want to wait any more. */
  wait(): Promise<boolean>
  now(): number
  /** Says nothing on the way, for programs that read the end as JSON. */
  isSilent?: boolean
}

/** Three misses in a row are an answer: the machine may sleep, or the API be deployed anew. */
const MISSES_MAX = 3
const ENDED = ['done', 'failed', 'cancelled']
const CLEAR = '\r\u001b[2K'

/**
 * Follows a backfill until it has ended and nothing of it is under way: a bar that is drawn anew on a terminal, else a
 * line whenever something changed. It only looks: who leaves changes nothing. Throws `UserError` when the person leaves.
 */
export async function follow(backfillId: string, io: Follow): Promise<BackfillView> {
  io.listen()
  const begun = io.now()
  let first: BackfillView | undefined
  let told = ''
  let misses = 0
  for (;;) {
    const view = await io.look().catch((error: unknown) => {
      misses += 1
      if (misses > MISSES_MAX) throw error
      return undefined
    })
    if (view) {
      misses = 0
      first ??= view
      const minutes = left(first, view, io.now() - begun)
      if (!io.isSilent) told = say(io, { bar: bar(view.counts), minutes, state: stateOf(view) }, told)
      if (isOver(view)) {
        if (io.isTerminal && !io.isSilent) io.out('\n')
        return view
      }
    }
    if (await io.wait()) continue
    if (io.isTerminal && !io.isSilent) io.out('\n')
    throw new UserError(
      `the backfill goes on without you; come back with: npx sluice backfill show ${backfillId} --follow`,
    )
  }
}

const isOver = ({ state, counts }: BackfillView) =>
  counts.underWay === 0 && (ENDED.includes(state) || state === 'paused')

interface Line {
  bar: string
  minutes: number | undefined
  state: string
}

/** Only what the backfill did is news; that time passes is not. */
function say(io: Follow, line: Line, told: string): string {
  const news = `${line.bar}${line.state}`
  const rest = line.state === '' && line.minutes !== undefined ? `, about ${line.minutes} min left` : ''
  const text = `  ${line.bar}${rest}${line.state}`
  if (io.isTerminal) io.out(`${CLEAR}${text}`)
  else if (news !== told) io.out(`${text}\n`)
  return news
}

function stateOf({ state, heldBy }: BackfillView): string {
  if (state === 'running') return heldBy ? `, held back: ${plain(heldBy)}` : ''
  return `, ${state}`
}

/** Minutes that are left at the pace since the first look; nothing before a chunk has ended. */
function left(first: BackfillView, now: BackfillView, milliseconds: number): number | undefined {
  const ended = now.counts.done - first.counts.done
  if (ended <= 0) return undefined
  const open = now.counts.chunks - now.counts.done
  return Math.ceil((open * milliseconds) / ended / 60_000)
}
