import { cleanse } from './chain/cleanse.js'
import { ingest } from './chain/ingest.js'
import { operate } from './chain/operate.js'
import { publish } from './chain/publish.js'
import { serve } from './chain/serve.js'
import { transform } from './chain/transform.js'
import type { Row } from './row.js'

export type { Row } from './row.js'

/**
 * The chain: every stage, in the order in which data flows, with what wakes it, what it starts, what it emits and what
 * it may touch. Nothing else in the project says who listens to whom: `serverless.yml`, the roles, the page
 * `docs/chain.md` and the tests are made from these rows.
 */
export const chain: readonly Row[] = [
  ...ingest, //    a file, a notice or a clock -> bronze -> the lane of an entity
  ...cleanse, //   a batch -> one job -> its gate -> silver
  ...transform, // silver, a finished sync, a request or a clock -> the lane of domains -> one dbt task -> its gate
  ...publish, //   a passed build -> the edition that readers see
  ...operate, //   whatever got lost, failed, was put off or is asked for by a person
  ...serve, //     readers and persons
]

/** The row of one stage. Throws when the chain has none of that name. */
export function row(stage: string): Row {
  const found = chain.find((candidate) => candidate.stage === stage)
  if (!found) throw new Error(`the chain has no stage "${stage}"`)
  return found
}
