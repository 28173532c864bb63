import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { project } from '../../shared/declared.js'
import { openapi } from '../../tools/openapi/document.js'
import { anyBody, anyContentType } from './mutations.js'
import { post, setSecret, signed } from './sender.js'

/** What a fuzz found: how many requests, their answers, what must not be, and the memory of the door's process. */
export interface Fuzzed {
  requests: number
  statuses: Record<'stranger' | 'known', Record<string, number>>
  problems: string[]
  /** Resident bytes of the door's process after the first thousand requests and after the last. */
  memory: { first: number; last: number; ratio: number; thousands: number[]; processes: number }
}

const PROBLEMS_MAX = 10
export const secretOf = (source: string) => `key-of-${source}-0123456789abcdef`

/** Every declared source with a door; each gets a secret. */
export async function openDoors(): Promise<string[]> {
  const sources = Object.keys(project.sources).filter((source) => project.sources[source]?.door)
  for (const source of sources) {
    const name = project.sources[source]?.door?.auth.secret
    if (name) await setSecret(name, secretOf(source))
  }
  return sources
}

const declaredOf = (source: string) => {
  const declared = project.sources[source]
  if (!declared?.door) throw new Error(`${source} has no door`)
  return declared
}

/** Sends generated requests and mutated bodies to every door, half of each from strangers. */
export async function fuzz(root: string, api: string, requests: number, seed = 20_260_302): Promise<Fuzzed> {
  const sources = await openDoors()
  const memory: number[] = []
  const mutants = byMutation(api, sources, seed)
  // In turns, so that each thousand of requests is like any other.
  const asked = { api, sources, requests: Math.floor(requests / 2), seed }
  const generated = await bySchemathesis(root, asked, async () => {
    await mutants.send(TURN)
    memory.push(resident().bytes)
  })
  const mutated = mutants.part
  const [first = 0, last = 0] = [memory[0], memory.at(-1)]
  return {
    requests: generated.requests + mutated.requests,
    statuses: {
      stranger: sum(generated.statuses.stranger, mutated.statuses.stranger),
      known: sum(generated.statuses.known, mutated.statuses.known),
    },
    problems: [...generated.problems, ...mutated.problems],
    memory: { first, last, ratio: last / first, thousands: memory, processes: resident().processes },
  }
}

/** Requests of one kind before those of the other, as fuzz.py counts them. */
const TURN = 500
type Part = Omit<Fuzzed, 'memory'>

const sum = (one: Record<string, number> = {}, other: Record<string, number> = {}) =>
  Object.fromEntries(
    [...new Set([...Object.keys(one), ...Object.keys(other)])]
      .sort()
      .map((status) => [status, (one[status] ?? 0) + (other[status] ?? 0)]),
  )

/** A Python of its own for schemathesis: its plugins would load with each of the project's own test runs. */
function python(root: string): string {
  const lock = `${root}/bench/webhooks/requirements.lock`
  const [home, stamp] = [`${root}/.sluice/fuzz`, `${root}/.sluice/fuzz/.set-up`]
  const hash = createHash('sha256').update(readFileSync(lock)).digest('hex')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
    rmSync(home, { recursive: true, force: true })
    execFileSync(`${root}/.venv/bin/python`, ['-m', 'venv', home])
    execFileSync(`${home}/bin/python`, ['-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', lock])
    writeFileSync(stamp, hash)
  }
  return `${home}/bin/python`
}

async function bySchemathesis(
  root: string,
  asked: { api: string; sources: string[]; requests: number; seed: number },
  onTurn: () => Promise<void>,
): Promise<Part> {
  const { api, sources, requests, seed } = asked
  const doors = sources.map((source) => ({
    source,
    auth: declaredOf(source).door?.auth,
    secret: secretOf(source),
  }))
  const child = spawn(python(root), [`${root}/bench/webhooks/fuzz.py`], { stdio: ['pipe', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (chunk) => {
    complaint = (complaint + chunk).slice(-2_000)
  })
  child.stdin.write(`${JSON.stringify({ api, document: openapi(), doors, requests, seed })}\n`)
  let told: (Part & { sent?: number }) | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    told = JSON.parse(line)
    if (told?.sent) {
      await onTurn()
      child.stdin.write('\n')
    }
  }
  child.stdin.end()
  if (!told?.statuses) throw new Error(`schemathesis ended early: ${complaint}`)
  return told
}

/** How a stranger might try: without, with another source's or with a spoiled secret, with an old or moved signature. */
const spoiled = (secret: string) =>
  fc.constantFrom(
    '',
    ' ',
    secret.slice(0, -1),
    `${secret}x`,
    secret.toUpperCase(),
    `${secret}%00`,
    'null',
    'undefined',
  )

/** Sends mutated bodies, as many as asked each time. */
function byMutation(api: string, sources: string[], seed: number) {
  const part: Part = { requests: 0, statuses: { stranger: {}, known: {} }, problems: [] }
  const count = (who: 'stranger' | 'known', status: number, what: string) => {
    part.statuses[who][status] = (part.statuses[who][status] ?? 0) + 1
    if (status >= 500 || (who === 'stranger' && status < 400))
      if (part.problems.length < PROBLEMS_MAX) part.problems.push(`${who} got ${status} for ${what}`)
    part.requests += 1
  }
  const source = fc.constantFrom(...sources)
  const one = source.chain((name) =>
    fc.record({
      name: fc.constant(name),
      body: anyBody,
      type: anyContentType,
      isStranger: fc.boolean(),
      wrong: fc.oneof(spoiled(secretOf(name)), source.filter((other) => other !== name).map(secretOf)),
    }),
  )
  const send = async (requests: number) => {
    const turn = { numRuns: requests, seed: seed + part.requests }
    for (const { name, body, type, isStranger, wrong } of fc.sample(one, turn)) {
      const { url, headers } = signed(api, name, declaredOf(name), isStranger ? wrong : secretOf(name), body)
      const { status } = await post(encodeURI(url), { ...headers, 'content-type': type }, body)
      const what = `${name}: ${type}: ${body.toString('latin1').slice(0, 200)}`
      count(isStranger ? 'stranger' : 'known', status, what)
    }
  }
  return { part, send }
}

/** Resident bytes of the processes in which the local AWS runs the door. */
export function resident(): { bytes: number; processes: number } {
  const door = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isDoor(pid))
  const bytes = door.map(
    (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024,
  )
  return { bytes: Math.max(0, ...bytes), processes: door.length }
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
