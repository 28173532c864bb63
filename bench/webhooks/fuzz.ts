import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { project } from '../../shared/declared.js'
import { openapi } from '../../tools/openapi/document.js'
import { type Held, heldByDoor } from './memory.js'
import { anyBody, anyContentType } from './mutations.js'
import { post, setSecret, signed } from './sender.js'

/** What a fuzz found: how many requests, their answers, what must not be, and the memory of the door's process. */
export interface Fuzzed {
  requests: number
  statuses: Record<'stranger' | 'known', Record<string, number>>
  problems: string[]
  /**
   * What the door's process holds after each thousand requests, and what it holds at the end over that after the first
   * thousand: `heap` in its heap, `resident` in pages of memory.
   */
  memory: { heap: number; resident: number; thousands: Held[]; processes: number }
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
  const thousands: Held[] = []
  let processes = 0
  const mutants = byMutation(api, sources, seed)
  // The debugger by which a process is asked stays in it: what that takes belongs to every measure, the first too.
  await mutants.send(1)
  await heldByDoor()
  // In turns, so that each thousand of requests is like any other.
  const asked = { api, sources, requests: Math.floor(requests / 2), seed }
  const generated = await bySchemathesis(root, asked, async () => {
    await mutants.send(TURN)
    const { processes: now, ...held } = await heldByDoor()
    thousands.push(held)
    processes = now
  })
  const mutated = mutants.part
  const grown = (of: keyof Held) => Number(thousands.at(-1)?.[of]) / Number(thousands[0]?.[of])
  return {
    requests: generated.requests + mutated.requests,
    statuses: {
      stranger: sum(generated.statuses.stranger, mutated.statuses.stranger),
      known: sum(generated.statuses.known, mutated.statuses.known),
    },
    problems: [...generated.problems, ...mutated.problems],
    memory: { heap: grown('heap'), resident: grown('resident'), thousands, processes },
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
