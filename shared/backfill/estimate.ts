import type { LedgerReader } from '../ledger.js'
import { BACKFILLS, type Backfill, type Spent } from './backfill.js'
import { type Chunked, chunkCount, daysOf } from './range.js'

/** What a backfill would take. Every number rests on `basis`, and the assumptions say what it leaves open. */
export interface Estimate {
  chunks: number
  days: number
  parallel: number
  secondsPerChunk: number
  minutes: number
  dollars: number
  /** Whether past chunks of this source were measured, or everything is assumed. */
  basis: 'ledger' | 'assumed'
  assumptions: string[]
}

/** Seconds from a task's start to its first request: image, network, Python. */
const START_SECONDS = 30
/** Without any past: as long as a slow API with a page a day of the range takes. */
const ASSUMED_SECONDS_PER_DAY = 0.5
/** One cleanse and one build for each wave of chunks that end about together. */
const WAVE_SECONDS = 120

/**
 * Fargate on ARM in US East, Linux, on demand, in dollars an hour (aws.amazon.com/fargate/pricing). Other regions cost up
 * to a half more, spot a third.
 */
const HOUR = { vcpu: 0.03238, gigabyte: 0.00356 }
const EXTRACT = { vcpu: 1, gigabytes: 2 }
const WAVE = { vcpu: 2, gigabytes: 8 }

const dollars = ({ vcpu, gigabytes }: typeof EXTRACT, seconds: number): number =>
  ((vcpu * HOUR.vcpu + gigabytes * HOUR.gigabyte) * seconds) / 3_600

/** Estimates a backfill from what past chunks of the source took, if there are any, else from assumptions. */
export function estimate(wanted: Chunked & { parallel: number }, past: Spent): Estimate {
  const { parallel, chunkDays } = wanted
  const chunks = chunkCount(wanted)
  const isMeasured = past.chunks > 0 && past.days > 0
  const perDay = isMeasured
    ? Math.max(0, past.seconds - past.chunks * START_SECONDS) / past.days
    : ASSUMED_SECONDS_PER_DAY
  const start = isMeasured ? Math.min(START_SECONDS, past.seconds / past.chunks) : START_SECONDS
  const secondsPerChunk = Math.round(start + perDay * Math.min(chunkDays, daysOf(wanted)))
  const waves = Math.ceil(chunks / parallel)
  const seconds = waves * secondsPerChunk + WAVE_SECONDS
  const cost = chunks * dollars(EXTRACT, secondsPerChunk) + waves * dollars(WAVE, WAVE_SECONDS)
  return {
    chunks,
    days: daysOf(wanted),
    parallel,
    secondsPerChunk,
    minutes: Math.ceil(seconds / 60),
    dollars: Math.round(cost * 100) / 100,
    basis: isMeasured ? 'ledger' : 'assumed',
    assumptions: assumptions(isMeasured, past),
  }
}

function assumptions(isMeasured: boolean, past: Spent): string[] {
  const mean = Math.round(past.seconds / past.chunks)
  return [
    isMeasured
      ? `${past.chunks} chunks of this source took ${mean} s on the average; ${START_SECONDS} s of each are its start`
      : `no chunk of this source has run yet: ${START_SECONDS} s to start and ${ASSUMED_SECONDS_PER_DAY} s a day are assumed`,
    `chunks that end together share one cleanse and one build, ${WAVE_SECONDS} s of ${WAVE.vcpu} vCPU and ${WAVE.gigabytes} GB`,
    'prices of Fargate on ARM in US East, on demand; requests, storage and what the source charges come on top',
    'no live traffic meanwhile: it goes first, and nothing fails',
  ]
}

/** As many past backfills as an estimate looks at. */
const PAST_MAX = 100

/** What the chunks of a source have taken so far, over the newest backfills. */
export async function spentBefore(ledger: Pick<LedgerReader, 'index'>, source: string): Promise<Spent> {
  const page = await ledger.index('recent', { of: BACKFILLS, limit: PAST_MAX, newestFirst: true })
  const past = (page.items as unknown as Backfill[]).filter((backfill) => backfill.source === source)
  const sum = (name: keyof Spent) => past.reduce((total, { spent }) => total + spent[name], 0)
  return {
    chunks: sum('chunks'),
    days: sum('days'),
    seconds: sum('seconds'),
    files: sum('files'),
    rows: sum('rows'),
  }
}
