import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'

/** What a process holds right after its runtime collected its garbage, in bytes. */
export interface Held {
  /** Pages in memory: its code, its heap and what the heap keeps free. */
  resident: number
  heap: number
}

const ANSWER_SECONDS = 120
const ASK = 'JSON.stringify({pid: process.pid, memory: process.memoryUsage()})'

/** What the processes hold in which the local AWS runs the door; of several the one that holds most. */
export async function heldByDoor(): Promise<Held & { processes: number }> {
  const doors = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isDoor(pid))
  const held: Held[] = []
  for (const pid of doors) held.push(await afterCollection(Number(pid)))
  const most = (of: keyof Held) => Math.max(0, ...held.map((one) => one[of]))
  return { resident: most('resident'), heap: most('heap'), processes: doors.length }
}

/**
 * Asks Node's own debugger, which needs nothing of the function: without a collection the number would tell when the
 * last one was, and not what is kept. Throws when another process has the debugger's port.
 */
async function afterCollection(pid: number): Promise<Held> {
  const asking = spawn(process.execPath, ['inspect', '-p', String(pid)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const timer = setTimeout(() => asking.kill(), ANSWER_SECONDS * 1_000)
  const ended = once(asking, 'exit')
  const commands = ['HeapProfiler.collectGarbage()', `Runtime.evaluate({expression: '${ASK}'})`, '.exit']
  let said = ''
  asking.stdout.setEncoding('utf8')
  for await (const chunk of asking.stdout) {
    said += chunk
    // The debugger asks for the next command when the one before is done.
    while (commands.length > 0 && said.split('debug> ').length > 4 - commands.length)
      asking.stdin.write(`${commands.shift()}\n`)
  }
  await ended
  clearTimeout(timer)
  const found = /value: '(\{.*\})'/.exec(said)?.[1]
  const told = JSON.parse(found ?? '{}') as { pid?: number; memory?: { rss: number; heapUsed: number } }
  if (told.pid !== pid || !told.memory) throw new Error(`process ${pid} cannot be asked: ${said.slice(-500)}`)
  return { resident: told.memory.rss, heap: told.memory.heapUsed }
}

function isDoor(pid: string): boolean {
  try {
    const port = new URL(String(process.env.AWS_ENDPOINT_URL)).port
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
    return (
      environment.includes('AWS_LAMBDA_FUNCTION_NAME=sluice-local-accept-webhook') &&
      environment.includes(`:${port}`)
    )
  } catch {
    return false
  }
}
