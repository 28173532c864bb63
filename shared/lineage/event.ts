import { carried } from '../correlation.js'
import type { Declared } from '../declared.js'
import type { Run } from '../run.js'
import { datasetsOf, type Traced } from './datasets.js'
import { type EventType, facet, ownFacet, PRODUCER, RUN_EVENT, type RunEvent } from './facets.js'
import { jobName, type Places, runUuid } from './names.js'

/** As many runs as a facet names of those that a run goes on from. */
const UPSTREAM_MAX = 20

/** The extraction that wrote a file, as the key says it. */
const WRITTEN_BY = /\/run_id=([0-9a-z]{26})\//

interface Upstream {
  runId: string
  job: string
}

/** One OpenLineage run event of a run: START when its job began, and how it ended. */
export function runEvent(
  places: Places,
  project: Declared,
  type: EventType,
  traced: Traced,
  time: string,
): RunEvent {
  const { run } = traced
  const upstream = upstreamOf(project, traced)
  return {
    eventType: type,
    eventTime: time,
    producer: PRODUCER,
    schemaURL: RUN_EVENT,
    run: { runId: runUuid(run.runId), facets: runFacets(places, type, run, upstream) },
    job: {
      namespace: places.stack,
      name: jobName(run.kind, run.subject),
      facets: {
        jobType: facet('JobTypeJobFacet', {
          processingType: 'BATCH',
          integration: 'SLUICE',
          jobType: run.kind.toUpperCase(),
        }),
      },
    },
    ...datasetsOf(places, project, traced),
  }
}

function runFacets(places: Places, type: EventType, run: Run, upstream: Upstream[]) {
  const { runId, lane, attempt, engine, correlationIds, correlationCount } = run
  const [parent] = upstream
  const failed = type === 'FAIL' || type === 'ABORT'
  const message = { message: String(run.reason ?? ''), programmingLanguage: 'SQL' }
  const ended = type !== 'START'
  return {
    ...(parent && {
      parent: facet('ParentRunFacet', {
        run: { runId: runUuid(parent.runId) },
        job: { namespace: places.stack, name: parent.job },
      }),
    }),
    ...(failed && { errorMessage: facet('ErrorMessageRunFacet', message) }),
    sluice_correlation: ownFacet('correlation', {
      ...(carried(run).correlationId ? carried(run) : { correlationId: runId }),
      ...(correlationIds && { correlationIds, correlationCount }),
      runId,
      lane,
      attempt,
      ...(engine && { engine }),
      upstreamRuns: upstream.slice(0, UPSTREAM_MAX).map((one) => one.runId),
      upstreamCount: upstream.length,
    }),
    ...(ended && { sluice_quality: ownFacet('quality', qualityOf(run)) }),
  }
}

/** Rows in, out, duplicate, rejected and by which rule of a cleanse; tests of a build; what either was held for. */
function qualityOf({ rows, reasons, tests, failedTests, gate, schemaHeld }: Run) {
  const names = ((failedTests ?? []) as { test?: string }[]).map(({ test }) => test)
  return {
    ...(rows !== undefined && { rows }),
    ...(reasons !== undefined && { rejectedByRule: reasons }),
    ...(tests !== undefined && { tests }),
    ...(names.length > 0 && { failedTests: names }),
    ...(schemaHeld !== undefined && { schemaChanges: schemaHeld }),
    ...(gate !== undefined && { gate }),
  }
}

/** The runs whose output this one reads: the extractions of its files, or the cleanses of its silver. */
function upstreamOf({ sources }: Declared, { run, inputs }: Traced): Upstream[] {
  const found = inputs.flatMap(({ input }): Upstream[] => {
    const { silverRun, entity, source, key, rejectedOf } = input
    if (typeof silverRun === 'string') return [{ runId: silverRun, job: jobName('cleanse', String(entity)) }]
    if (typeof rejectedOf === 'string') return [{ runId: rejectedOf, job: jobName('cleanse', run.subject) }]
    if (sources[String(source)]?.kind !== 'extract') return []
    const runId = WRITTEN_BY.exec(String(key))?.[1]
    return runId ? [{ runId, job: jobName('extract', String(source)) }] : []
  })
  return [...new Map(found.map((one) => [one.runId, one])).values()]
}
