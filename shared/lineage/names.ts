import { createHash } from 'node:crypto'
import type { Column, Declared } from '../declared.js'
import type { RunKind } from '../run.js'
import { type Dataset, facet } from './facets.js'

/** Where a stack keeps its data, as OpenLineage names it (openlineage.io/docs/spec/naming: S3, AWS Glue). */
export interface Places {
  /** The namespace of the jobs, and of sources, whose addresses are secrets. */
  stack: string
  region: string
  account: string
  bronzeBucket: string
  silverBucket: string
  goldBucket: string
  silverDatabase: string
  goldDatabase: string
}

/** Region and account out of any ARN that has both. */
export function ofArn(arn: string): Pick<Places, 'region' | 'account'> {
  const [, , , region = '', account = ''] = arn.split(':')
  return { region, account }
}

/** OpenLineage wants a UUID: 122 bits of the digest of our id, as version 8 (RFC 9562), the same for every event of a run. */
export function runUuid(runId: string): string {
  const digits = createHash('sha256').update(runId).digest('hex')
  const variant = ((Number.parseInt(digits.charAt(16), 16) & 3) | 8).toString(16)
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`]
  return [...parts, `${variant}${digits.slice(17, 20)}`, digits.slice(20, 32)].join('-')
}

export const jobName = (kind: RunKind, subject: string) => `${kind}.${subject}`

const schema = (columns: readonly Column[]) =>
  facet('SchemaDatasetFacet', { fields: columns.map(({ name, glueType: type }) => ({ name, type })) })

/** A table of the catalog, which is also a folder. */
function table(places: Places, database: string, name: string, bucket: string, folder: string): Dataset {
  const namespace = `arn:aws:glue:${places.region}:${places.account}`
  const folders = [{ namespace: `s3://${bucket}`, name: folder, type: 'LOCATION' }]
  return {
    namespace,
    name: `table/${database}/${name}`,
    facets: { symlinks: facet('SymlinksDatasetFacet', { identifiers: folders }) },
  }
}

/** The silver table of an entity. */
export function silverTable(places: Places, { entities }: Declared, entity: string): Dataset {
  const { silverDatabase, silverBucket } = places
  const dataset = table(places, silverDatabase, entity, silverBucket, `entity=${entity}`)
  const columns = entities[entity]?.columns
  return columns ? { ...dataset, facets: { schema: schema(columns), ...dataset.facets } } : dataset
}

/** The gold table of a dataset; all its editions and versions lie below one folder. */
export function goldTable(
  places: Places,
  { domain, dataset, name, columns }: { domain: string; dataset: string; name: string; columns: Column[] },
): Dataset {
  const { goldDatabase, goldBucket } = places
  const found = table(places, goldDatabase, name, goldBucket, `domain=${domain}/dataset=${dataset}`)
  return { ...found, facets: { schema: schema(columns), ...found.facets } }
}

/** The folder of bronze into which a source puts what feeds an entity: its pattern up to the first part of a date. */
export function bronzeFolder(
  { bronzeBucket }: Places,
  { sources }: Declared,
  source: string,
  entity: string,
) {
  const pattern = sources[source]?.feeds.find((feed) => feed.entity === entity)?.prefix
  const [fixed = ''] = (pattern ?? `source=${source}/`).split('{')
  return { namespace: `s3://${bronzeBucket}`, name: fixed.replace(/\/+$/, '') || '/' }
}
