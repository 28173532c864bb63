import { calls } from '../../test/acceptance/calls.js'

/** Requests to AWS by `<who> <service>:<operation>`; a transaction or a batch is one. */
export type Counts = Record<string, number>

interface Recorded {
  number: number
  request: number
  call: string
  role: string
}

const ROLE = /^sluice-[a-z0-9]+-(.+?)(?:Task|Job)?Role-/
/** What a function keeps for some minutes is asked for again by the clock, whatever the history. */
const BY_THE_CLOCK = / secretsmanager:GetSecretValue$/
const ours = (role: string) => ROLE.test(role)

/** The last recorded call's number: what comes after it is counted. */
export async function mark(): Promise<number> {
  const answer = await fetch(`${process.env.AWS_ENDPOINT_URL}/_sluice/calls?since=999999999`)
  return ((await answer.json()) as { next: number }).next
}

/** The requests of the stages and jobs after a mark, and how many decisions were recorded in all. */
export async function countSince(since: number): Promise<{ counts: Counts; recorded: number }> {
  const found = (await calls({}, since)) as unknown as Recorded[]
  const mine = found.filter(({ role }) => ours(role))
  const counts: Counts = {}
  for (const { call, role } of new Map(mine.map((one) => [one.request, one])).values()) {
    const name = `${whoOf(role)} ${call}`
    counts[name] = (counts[name] ?? 0) + 1
  }
  return { counts, recorded: mine.length }
}

/** `sluice-local-RecordLandingRole-0A1B` is `record-landing`, a task's or job's role keeps its kind. */
function whoOf(role: string): string {
  const name = ROLE.exec(role)?.[1] ?? role
  const stage = name.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()
  const kind = /(Task|Job)Role-/.exec(role)?.[1]?.toLowerCase()
  return kind ? `${stage} ${kind}` : stage
}

/** For each name the least of the rounds: what a retry or a second delivery adds is no property of the design. */
export function least(rounds: Counts[]): Counts {
  const names = [...new Set(rounds.flatMap((round) => Object.keys(round)))].sort()
  return Object.fromEntries(
    names
      .map((name) => [name, Math.min(...rounds.map((round) => round[name] ?? 0))] as const)
      .filter(([, count]) => count > 0),
  )
}

/** What even the best round after makes more of than the worst round before, in words. */
export function grown(what: string, before: Counts[], after: Counts[]): string[] {
  return Object.entries(least(after))
    .map(([name, count]) => ({ name, count, most: Math.max(...before.map((round) => round[name] ?? 0)) }))
    .filter(({ name, count, most }) => count > most && !BY_THE_CLOCK.test(name))
    .map(({ name, count, most }) => `${what}: ${name} ${most} -> ${count}`)
}
