import * as z from 'zod'
import { buildReport } from '../build-report.js'
import { cleanseReport } from '../cleanse-gate.js'
import { type Declared, feedOf, goldTableName } from '../declared.js'
import { extractReport } from '../extract-end.js'
import type { Input } from '../inputs.js'
import type { Run } from '../run.js'
import { type Dataset, facet } from './facets.js'
import { bronzeFolder, goldTable, type Places, silverTable } from './names.js'

/** What a run reads and writes. Before its end a report is missing, and what it would say. */
export interface Traced {
  run: Run
  inputs: Input[]
  report?: unknown
}
export interface InAndOut {
  inputs: Dataset[]
  outputs: Dataset[]
}

const rowsByFile = z.object({
  inputs: z.array(z.object({ key: z.string(), rows: z.number(), rejected: z.number() })).default([]),
})

/** The files of a cleanse by their sources, with what its contract said of their rows, and the silver that came of it. */
function cleansed(places: Places, project: Declared, { run, inputs, report }: Traced): InAndOut {
  const said = cleanseReport.safeParse(report).data
  const byFile = rowsByFile.safeParse(report).data?.inputs ?? []
  const files = inputs.filter(({ input }) => typeof input.key === 'string')
  const sources = [...new Set(files.map(({ input }) => String(input.source)))].sort()
  const datasets = sources.map((source): Dataset => {
    const own = files.filter(({ input }) => input.source === source)
    const size = own.reduce((sum, { bytes }) => sum + bytes, 0)
    const read = byFile.filter(({ key }) => feedOf(project, key)?.source === source)
    const rowCount = read.reduce((sum, { rows }) => sum + rows, 0)
    const counts = { fileCount: own.length, ...(said && { rowCount }) }
    const measured = { ...counts, bytes: size, columnMetrics: {} }
    return {
      ...bronzeFolder(places, project, source, run.subject),
      inputFacets: {
        inputStatistics: facet('InputStatisticsInputDatasetFacet', { ...counts, size }),
        ...(said && { dataQualityMetrics: facet('DataQualityMetricsInputDatasetFacet', measured) }),
        ...(said && { dataQualityAssertions: assertions(project, run.subject, said.reasons) }),
      },
    }
  })
  const silver = silverTable(places, project, run.subject)
  const written = said && statistics(said.rows.out, said.files)
  return { inputs: datasets, outputs: [{ ...silver, ...(written && { outputFacets: written }) }] }
}

/** The rules that rows broke; one that holds for all where none did. */
function assertions({ entities }: Declared, entity: string, reasons: Record<string, number>) {
  const columns = (entities[entity]?.columns ?? []).map(({ name }) => name)
  const failed = Object.keys(reasons).map((assertion) => {
    const [column] = columns.filter((name) => assertion.startsWith(`${name}_`)).sort(byLength)
    return { assertion, success: false, ...(column && { column }) }
  })
  const all = failed.length > 0 ? failed : [{ assertion: 'contract', success: true }]
  return facet('DataQualityAssertionsDatasetFacet', { assertions: all })
}
const byLength = (a: string, b: string) => b.length - a.length

const statistics = (rowCount: number, files: readonly { bytes: number }[]) => {
  const size = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const counts = { rowCount, size, fileCount: files.length }
  return { outputStatistics: facet('OutputStatisticsOutputDatasetFacet', counts) }
}

/** The silver that a lane's models read, and the gold that a build exported. */
function built(places: Places, project: Declared, { run, report }: Traced): InAndOut {
  const lane = project.lanes.find((one) => one.lane === run.subject)
  const inputs = (lane?.entities ?? []).map((entity) => silverTable(places, project, entity))
  const exported = buildReport.safeParse(report).data?.datasets
  const outputs = exported
    ? exported.map((one) => ({
        ...goldTable(places, {
          ...one,
          name: goldTableName(one.dataset, one.version),
          columns: one.columns.map(({ name, glue_type }) => ({ name, glueType: glue_type })),
        }),
        outputFacets: statistics(one.rows, one.files),
      }))
    : (lane?.datasets ?? []).map((one) =>
        goldTable(places, { ...one, name: goldTableName(one.dataset, one.version) }),
      )
  return { inputs, outputs }
}

/** The source, by its name alone since its address is a secret, and the folders of bronze that it filled. */
function extracted(places: Places, project: Declared, { run, report }: Traced): InAndOut {
  const files = extractReport.safeParse(report).data?.files ?? []
  const entities = [...new Set((project.sources[run.subject]?.feeds ?? []).map(({ entity }) => entity))]
  const outputs = entities.map((entity) => {
    const own = files.filter((file) => file.entity === entity)
    const rows = own.reduce((sum, file) => sum + file.rows, 0)
    const written = own.length > 0 && { outputFacets: statistics(rows, own) }
    return { ...bronzeFolder(places, project, run.subject, entity), ...written }
  })
  return { inputs: [{ namespace: places.stack, name: `source.${run.subject}` }], outputs }
}

/** The same silver in other files. */
function compacted(places: Places, project: Declared, { run }: Traced): InAndOut {
  const silver = silverTable(places, project, run.subject)
  return { inputs: [silver], outputs: [silver] }
}

const OF_KIND = { cleanse: cleansed, build: built, extract: extracted, compact: compacted }

/** The datasets that a run reads and writes, by OpenLineage's names, with what is known of them. */
export const datasetsOf = (places: Places, project: Declared, traced: Traced): InAndOut =>
  OF_KIND[traced.run.kind](places, project, traced)
