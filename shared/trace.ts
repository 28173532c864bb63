import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { tracing } from './env.js'

/** How long a trace may hold an invocation up: it goes to a process on the same machine. */
const SEND_MILLISECONDS_MAX = 50

/**
 * Tells X-Ray what an invocation worked on, as annotations by which traces are searched. Lambda itself sends the segment
 * of the function; this is a subsegment of it, sent to the daemon as its documents want it (X-Ray developer guide,
 * "Sending trace data" and "Segment documents"). Nothing where no daemon listens or the trace is not sampled; never throws.
 */
export async function annotate(
  name: string,
  { from, to }: { from: number; to: number },
  annotations: Record<string, string | undefined>,
): Promise<void> {
  const document = subsegment(tracing.header, name, { from, to }, annotations)
  const [host, port] = (tracing.daemon ?? '').split(':')
  if (document && host && port) await send(`${HEADER}\n${JSON.stringify(document)}`, host, Number(port))
}

const HEADER = JSON.stringify({ format: 'json', version: 1 })

/** The document of a subsegment, times in ms since 1970; nothing without a sampled trace or anything to say. */
export function subsegment(
  header: string | undefined,
  name: string,
  { from, to }: { from: number; to: number },
  annotations: Record<string, string | undefined>,
) {
  const parts = Object.fromEntries((header ?? '').split(';').map((part) => part.split('=', 2)))
  const said = Object.entries(annotations).filter(([, value]) => value !== undefined)
  if (parts.Sampled !== '1' || !parts.Root || !parts.Parent || said.length === 0) return undefined
  const id = createHash('sha256').update(`${header} ${name} ${from}`).digest('hex').slice(0, 16)
  return {
    ...{ id, name, type: 'subsegment', trace_id: parts.Root, parent_id: parts.Parent },
    ...{ start_time: from / 1_000, end_time: to / 1_000 },
    annotations: Object.fromEntries(said),
  }
}

/** One datagram, best effort and bounded. */
function send(text: string, host: string, port: number): Promise<void> {
  const socket = createSocket('udp4')
  return new Promise<void>((resolve) => {
    let isDone = false
    const done = () => {
      if (isDone) return
      isDone = true
      clearTimeout(timer)
      socket.close(() => resolve())
    }
    const timer = setTimeout(done, SEND_MILLISECONDS_MAX)
    socket.once('error', done)
    socket.send(text, port, host, done)
  }).catch(() => undefined)
}
