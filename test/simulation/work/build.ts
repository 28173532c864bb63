import type { Storage } from '../aws/storage.js'
import type { Found, SimEdition } from '../evidence.js'
import type { SimProject } from '../project.js'
import type { End } from './endings.js'

export interface BuildWorld {
  storage: Storage
  editions: Map<string, SimEdition>
  project: SimProject
  /** What a build found that must never be. */
  complain(what: string): void
  testsFail: boolean
}

type Built = Record<string, string[]>

/**
 * A dbt build: adds the plan's silver runs to what its database knows, tests, and exports one edition for each domain,
 * dataset by dataset. Gives the steps, so that a task can die between any two of them.
 */
export function buildSteps(world: BuildWorld, plan: Found, end: End): { steps: (() => void)[]; end: End } {
  if (plan.mode === 'test' || plan.mode === 'ci') return trialSteps(world, plan, end)
  const { storage, editions, project } = world
  const isFast = plan.mode === 'fast'
  const built = builtRuns(world, plan)
  const files = knownFiles(world, plan)
  const silverRuns = Object.values(built).flat()
  const failedTests = !isFast && world.testsFail && end.leaves === 'report'
  const failing = failedTests && !plan.waive_tests
  const datasets = project.datasets(plan.domains)
  const raw: Raw = { staging: [], marts: [] }
  const exported = failing || end.leaves !== 'report' ? [] : datasets
  const report = reportOf(plan, exported, { failing, failedTests, end, partial: partialOf(plan) })
  const steps: (() => void)[] = [
    () => checkFiles(world, plan),
    () => checkKnown(world, plan, files),
    () => {
      report.behind = readRaw(world, plan, raw)
    },
  ]
  for (const domain of exported.length > 0 ? (plan.domains as string[]) : []) {
    const place = `${domain}/${plan.edition}`
    const edition = {
      domain,
      edition: plan.edition,
      silverRuns,
      ...(!isFast && { passed: !world.testsFail }),
    }
    const exports = (complete: boolean) => () =>
      void editions.set(place, { ...edition, syncs: isFast ? [] : raw.marts, complete })
    steps.push(exports(false), exports(true))
  }
  const state = { kind: 'database', built, files, raw }
  steps.push(() => storage.artifacts.set(keyOf(failing ? partialOf(plan) : plan.database_out), state))
  steps.push(() => {
    if (end.leaves !== 'nothing') storage.artifacts.set(keyOf(`${plan.artifacts_prefix}report.json`), report)
  })
  return { steps, end: failing ? heldBack(end) : end }
}

const heldBack = (end: End): End => ({
  ...end,
  ok: false,
  containers: [{ name: 'main', exitCode: 1 }],
  failureClass: 'reported',
})

/** The tests of an edition on the tables that it was exported from, or a change on a copy: neither exports anything. */
function trialSteps(world: BuildWorld, plan: Found, end: End): { steps: (() => void)[]; end: End } {
  const { storage, editions, complain } = world
  const tested = [...editions].filter(([, { edition }]) => edition === plan.tested_edition)
  // The same tables give the same answer whenever they are asked.
  const passes = tested[0]?.[1].passed ?? !world.testsFail
  for (const [place, edition] of tested) editions.set(place, { ...edition, passed: passes })
  const failedTests = !passes && end.leaves === 'report'
  const failing = failedTests && !plan.waive_tests
  const report = reportOf(plan, [], { failing, failedTests, end, partial: partialOf(plan) })
  const reads = [plan.database?.uri, ...(plan.state_uri ? [`${plan.state_uri}report.json`] : [])]
  const steps = [
    () => {
      if (plan.mode === 'test' && tested.length === 0) complain(`nobody exported ${plan.tested_edition}`)
      for (const uri of reads)
        if (!uri || !storage.artifacts.has(keyOf(uri)))
          complain(`${plan.mode} ${plan.run_id} reads ${uri}, which is gone`)
    },
    () => {
      const left = { ...report, database: null, partial_database: null }
      if (end.leaves !== 'nothing') storage.artifacts.set(keyOf(`${plan.artifacts_prefix}report.json`), left)
    },
  ]
  return { steps, end: failing ? heldBack(end) : end }
}

/** Gold's objects, one for each dataset of an edition: which are listed below a folder, and what their deletion leaves. */
export function goldObjects(editions: Map<string, SimEdition>, now: () => number): Storage['gold'] {
  const deleted = new Set<string>()
  const placeOf = (key: string) => {
    const [, domain, edition] = /^domain=([^/]+)\/.*\/edition=([^/]+)\//.exec(key) ?? []
    return `${domain}/${edition}`
  }
  return {
    list: (prefix) => {
      const key = `${prefix}year=2026/month=03/0.parquet`
      return editions.has(placeOf(prefix)) && !deleted.has(key) ? [key] : []
    },
    remove: (keys) => {
      for (const key of keys) {
        deleted.add(key)
        const edition = editions.get(placeOf(key))
        if (edition) editions.set(placeOf(key), { ...edition, goneAt: edition.goneAt ?? now() })
      }
    },
  }
}

const partialOf = (plan: Found) => `${plan.artifacts_prefix}partial.duckdb`

/** Which syncs' rows are in the table that is made of RAW, and which in what readers see. */
interface Raw {
  staging: readonly string[]
  marts: readonly string[]
}

/**
 * Reads RAW into the tables that the plan names; what goes on from a failed attempt keeps what that one has read. Gives
 * the models that read something newer than they were made from, also of those that nobody asked for.
 */
function readRaw({ storage, project }: BuildWorld, plan: Found, raw: Raw): string[] {
  const uri = plan.retry_of ? `${plan.retry_of}partial.duckdb` : plan.database?.uri
  const before: Raw | undefined = (uri ? storage.artifacts.get(keyOf(uri)) : undefined)?.raw
  const { domain, selectors = [] } = project.declared.sources.ads?.warehouse ?? {}
  const there = plan.domains.includes(domain) ? [...storage.raw] : []
  const whole = !before || plan.selectors.some((selector: string) => selector.startsWith('+group:'))
  const [staging, marts] = selectors.map((selector) => whole || plan.selectors.includes(selector))
  raw.staging = before && (plan.retry_of || !staging) ? before.staging : there
  raw.marts = before && !marts && plan.mode !== 'full_refresh' ? before.marts : raw.staging
  const isOld = [raw.staging.length < there.length, raw.marts.length < raw.staging.length]
  return selectors.filter((_, place) => isOld[place])
}

const keyOf = (uri: string) => uri.replace('s3://artifacts/', '')

/** Runs by entity that the database holds once this build is done. */
function builtRuns({ storage }: BuildWorld, plan: Found): Built {
  const uri = plan.retry_of ? `${plan.retry_of}partial.duckdb` : plan.database?.uri
  const base = (uri ? storage.artifacts.get(keyOf(uri)) : { built: {} }) as { built: Built } | undefined
  if (!base) throw new Error(`the database ${uri} is gone`)
  const built: Built = { ...base.built }
  for (const [entity, runs] of Object.entries(plan.silver as Record<string, { run_id: string }[]>))
    built[entity] = [...new Set([...(built[entity] ?? []), ...runs.map((run) => run.run_id)])]
  return built
}

/** A plan may only list what is in silver, whole, at the time at which its build reads it. */
function checkFiles({ storage, complain }: BuildWorld, plan: Found): void {
  for (const runs of Object.values(plan.silver as Record<string, { run_id: string; files: string[] }[]>))
    for (const { run_id, files } of runs)
      for (const file of files)
        if (!storage.silver.has(file.replace('s3://silver/', '')))
          complain(`build ${plan.run_id} reads ${file} of run ${run_id}, which is not in silver`)
}

/** Where the runs of a database lie, by run, with their numbers: what is built anew is read from there. */
type Files = Record<string, { entity: string; number: number; files: string[] }>

/** The files of every run that the database holds once this build is done: of earlier ones where they are by now. */
function knownFiles({ storage }: BuildWorld, plan: Found): Files {
  const uri = plan.retry_of ? `${plan.retry_of}partial.duckdb` : plan.database?.uri
  const known: Files = { ...((uri ? storage.artifacts.get(keyOf(uri)) : undefined)?.files ?? {}) }
  for (const [runId, run] of Object.entries(known))
    for (const moved of (plan.moved?.[run.entity] ?? []) as Found[]) {
      const [year, month, day] = moved.day.split('/')
      const isOf = (file: string) => file.includes(`/year=${year}/month=${month}/day=${day}/`)
      if (run.number > moved.up_to || !run.files.some(isOf)) continue
      const now = moved.files.filter(({ from, up_to }: Found) => from <= run.number && run.number <= up_to)
      const files = [...run.files.filter((file) => !isOf(file)), ...now.map((file: Found) => file.uri)]
      known[runId] = { ...run, files }
    }
  for (const [entity, runs] of Object.entries(plan.silver as Record<string, Found[]>))
    for (const { run_id, number, files } of runs) known[run_id] = { entity, number, files }
  return known
}

/** Any build may have to read all silver anew, for its project may be another; here each one looks whether it could. */
function checkKnown({ storage, complain }: BuildWorld, plan: Found, known: Files): void {
  for (const [runId, { files }] of Object.entries(known))
    for (const file of files)
      if (!storage.silver.has(file.replace('s3://silver/', '')))
        complain(`build ${plan.run_id} could not read run ${runId} again: ${file} is not in silver`)
}

interface Left {
  /** Failed tests hold the export back, unless a person waived them. */
  failing: boolean
  failedTests: boolean
  end: End
  partial: string
}

function reportOf(plan: Found, datasets: Found[], { failing, failedTests, end, partial }: Left): Found {
  const error = end.leaves !== 'report'
  const failure = { transient: end.leaves === 'transient report', message: 'dbt gave up' }
  const test = { test: 'unique_daily_summary', model: 'daily_summary', failures: 2 }
  return {
    run_id: plan.run_id,
    attempt: plan.attempt,
    edition: plan.edition,
    verdict: error ? 'error' : failedTests ? 'tests_failed' : 'passed',
    error: error ? 'dbt gave up' : null,
    ...(error && { failure }),
    tests: { passed: 3, warned: 0, failed: failedTests ? 1 : 0 },
    failed_tests: failedTests ? [test] : [],
    scores: (plan.domains as string[]).map((domain) => ({ domain, tests: testsOf(failedTests) })),
    warned_tests: [],
    datasets: datasets.map((dataset) => datasetOf(plan, dataset)),
    database: error ? null : { uri: failing ? partial : plan.database_out, bytes: 1_000 },
    retried: plan.retry_of ? { of: plan.retry_of, built: [], kept: [] } : null,
    partial_database: failing ? partial : null,
  }
}

const testsOf = (failed: boolean) => ({
  error: { passed: 3, failed: failed ? 1 : 0 },
  warn: { passed: 1, failed: 0 },
})

function datasetOf(plan: Found, { domain, dataset, version, columns }: Found): Found {
  const location = `s3://gold/domain=${domain}/dataset=${dataset}/version=${version}/edition=${plan.edition}/`
  const key = `${location.slice('s3://gold/'.length)}year=2026/month=03/${dataset}_0.parquet`
  const glue = columns.map(({ name, glueType }: Found) => ({ name, glue_type: glueType }))
  return { domain, dataset, version, location, columns: glue, rows: 7, files: [{ key, rows: 7, bytes: 100 }] }
}
