import type { Storage } from '../aws/storage.js'
import type { Found } from '../evidence.js'
import type { End } from './endings.js'

/** Puts a file into bronze, and lets S3 tell of it. */
export type Land = (key: string) => void

/** The source has one record more every so many milliseconds; a batch holds so many, and a run takes so many batches. */
const RECORD_EVERY = 10_000
const BATCH = 3
const BATCHES_MAX = 2

/**
 * An extraction, batch by batch: goes on behind the files of its run that are there, lands what the source has, keeps
 * how far it got, and leaves its report. Gives the steps, so that a job can die between any two of them.
 */
export function extractSteps(
  storage: Storage,
  land: Land,
  now: number,
  plan: Found,
  end: End,
): (() => void)[] {
  const path = (uri: string) => uri.replace('s3://artifacts/', '')
  const state = plan.state_uri === null ? undefined : storage.artifacts.get(path(plan.state_uri))
  if (plan.state_uri !== null && !state) throw new Error(`no state at ${plan.state_uri}`)
  const [year, month, day] = plan.created_at.slice(0, 10).split('-')
  const hour = plan.created_at.slice(11, 13)
  const folder = `source=${plan.source}/entity=market_data/year=${year}/month=${month}/day=${day}/hour=${hour}`
  const prefix = `${folder}/run_id=${plan.files_run_id}/`
  const from = plan.window ? 0 : Number(state?.position ?? 0)
  const newest = plan.window ? BATCH : Math.floor(now / RECORD_EVERY / BATCH) * BATCH
  // A source that is asked for the first time has a long past.
  const start = plan.window || state ? from : newest - 2 * BATCH
  const there = storage.landed.filter(({ key }) => key.startsWith(prefix)).map(({ key }) => rangeOf(key))
  const begin = there.length > 0 ? Math.min(...there.map((range) => range.from)) : start
  const until = Math.max(...there.map(({ to }) => to), Math.min(newest, begin + BATCHES_MAX * BATCH))
  const batches = Array.from({ length: Math.max(0, (until - begin) / BATCH) }, (_, place) => ({
    key: `${prefix}${begin + place * BATCH}-${begin + (place + 1) * BATCH}.json`,
  }))
  const landBatch = batches.map(({ key }) => () => {
    if (!storage.landed.some((file) => file.key === key)) land(key)
  })
  const keep = () => {
    if (plan.next_state_uri) storage.artifacts.set(path(plan.next_state_uri), { position: until })
  }
  const files = batches.map(({ key }) => ({ entity: 'market_data', key, rows: BATCH, bytes: 100 }))
  return [...landBatch, keep, () => leave(storage, plan, files, end)]
}

const rangeOf = (key: string) => {
  const [from, to] = (key.split('/').at(-1) ?? '').replace('.json', '').split('-')
  return { from: Number(from), to: Number(to) }
}

function leave(storage: Storage, plan: Found, files: { rows: number }[], end: End): void {
  if (end.leaves === 'nothing') return
  const { run_id, attempt, report_uri, next_state_uri } = plan
  const rows = files.reduce((sum, file) => sum + file.rows, 0)
  const counts = { requests: files.length, seconds: 1 }
  const ok = end.leaves === 'report'
  const failure = { transient: end.leaves === 'transient report', message: 'the source gave up' }
  const report = { run_id, attempt, ok, rows, files, cursors: {}, state_uri: next_state_uri, ...counts }
  storage.artifacts.set(report_uri.replace('s3://artifacts/', ''), ok ? report : { ...report, failure })
}
