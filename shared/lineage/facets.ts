/**
 * The words of OpenLineage 2-0-2, as far as Sluice speaks them (openlineage.io/docs/spec). A test holds the versions and
 * the shapes to the classes that the project's own Python client generates from its JSON Schema.
 */
const SPEC = 'https://openlineage.io/spec'
export const RUN_EVENT = `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`
/** Who says all this, as a URI. */
export const PRODUCER = 'urn:sluice:0.1'

const VERSIONS = {
  SchemaDatasetFacet: '1-1-1',
  SymlinksDatasetFacet: '1-0-1',
  InputStatisticsInputDatasetFacet: '1-0-0',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
  DataQualityMetricsInputDatasetFacet: '1-0-3',
  DataQualityAssertionsDatasetFacet: '1-0-1',
  ParentRunFacet: '1-1-0',
  ErrorMessageRunFacet: '1-0-1',
  JobTypeJobFacet: '2-0-3',
} as const
export type FacetName = keyof typeof VERSIONS

/** A facet of the standard, with where its schema stands. */
export const facet = (name: FacetName, content: object) => ({
  _producer: PRODUCER,
  _schemaURL: `${SPEC}/facets/${VERSIONS[name]}/${name}.json#/$defs/${name}`,
  ...content,
})

/** A facet of ours; the standard wants them prefixed, and readers that do not know them pass over them. */
export const ownFacet = (name: string, content: object) => ({
  _producer: PRODUCER,
  _schemaURL: `urn:sluice:lineage:${name}:1`,
  ...content,
})

export interface Dataset {
  namespace: string
  name: string
  facets?: Record<string, object>
  inputFacets?: Record<string, object>
  outputFacets?: Record<string, object>
}

const EVENT_TYPES = ['START', 'COMPLETE', 'FAIL', 'ABORT'] as const
export type EventType = (typeof EVENT_TYPES)[number]

export interface RunEvent {
  eventType: EventType
  eventTime: string
  producer: string
  schemaURL: string
  run: { runId: string; facets: Record<string, object> }
  job: { namespace: string; name: string; facets: Record<string, object> }
  inputs: Dataset[]
  outputs: Dataset[]
}
