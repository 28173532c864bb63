import type { Detail, GoldPublished } from '../../../events/catalog.js'
import { deliver, type Sending } from '../../../shared/alerts/deliver.js'
import { duration } from '../../../shared/alerts/notice.js'
import { escaped, type SlackChannel } from '../../../shared/alerts/slack.js'
import { editionKey } from '../../../shared/build.js'
import { TransientError } from '../../../shared/errors.js'
import { type Run, runKey } from '../../../shared/run.js'

export interface AnnounceEffects extends Sending {
  /** The Slack channels that are configured now. */
  channels(): Promise<Pick<SlackChannel, 'name' | 'say'>[]>
}

/** How long the ledger remembers that an edition was announced: 90 days. */
const REMEMBERED_SECONDS = 90 * 24 * 3_600

/** Says once in each Slack channel what was published: datasets with rows, where the rows came from, time, edition. */
export async function announce(
  effects: AnnounceEffects,
  published: Detail<typeof GoldPublished>,
): Promise<string> {
  const { domain, edition, rollback } = published
  const channels = await effects.channels()
  if (channels.length === 0) return 'there is no Slack channel to tell'
  const text = rollback ? backOf(published, rollback) : await lineOf(effects, published)
  // An edition comes once, and can come back by more than one request.
  const what = rollback ? `${edition}#${rollback.requestId}` : edition
  const expiresAt = Math.floor(effects.clock.now() / 1_000) + REMEMBERED_SECONDS
  const told = await Promise.allSettled(
    channels.map(({ name, say }) => {
      const record = { PK: `DOMAIN#${domain}`, SK: `ANNOUNCED#${what}#${name}`, channel: name, expiresAt }
      return deliver(effects, record, () => say(text))
    }),
  )
  const failed = told.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : []))
  if (failed.length > 0) throw new TransientError(`not announced: ${failed.join('; ')}`)
  const news = told.some((one) => one.status === 'fulfilled' && one.value)
  return news ? `announced ${domain}` : 'this edition is announced already'
}

type Rollback = NonNullable<Detail<typeof GoldPublished>['rollback']>

/** What is said of a domain that a person rolled back. */
const backOf = ({ domain, edition }: Detail<typeof GoldPublished>, { from, by, why }: Rollback) =>
  escaped(
    `*${domain}* shows edition \`${edition}\` again, in place of \`${from}\` · rolled back by ${by}: ${why}`,
  )

async function lineOf({ ledger }: AnnounceEffects, published: Detail<typeof GoldPublished>): Promise<string> {
  const { runId, domain, edition, datasets } = published
  const [made, run] = await Promise.all([
    ledger.get(editionKey(domain, edition)),
    ledger.get(runKey(runId)) as Promise<Run | undefined>,
  ])
  const rows = new Map(
    (made?.datasets as unknown as Counted[] | undefined)?.map((one) => [one.dataset, one.rows]),
  )
  const shown = datasets.map((name) => `${name} ${(rows.get(name) ?? 0).toLocaleString('en')} rows`)
  const sources = [...new Set([...entitiesOf(run), ...((run?.syncedFrom ?? []) as string[])])]
  const parts = [
    `*${domain}* is published: ${shown.join(', ')}`,
    sources.length > 0 && `from ${sources.join(', ')}`,
    builtIn(run),
    `edition \`${edition}\``,
    run?.mode === 'fast' && 'its tests are still to come',
  ]
  return escaped(parts.filter(Boolean).join(' · '))
}

interface Counted {
  dataset: string
  rows: number
}

/** The entities whose new rows the build took in, from its selectors. */
function entitiesOf(run: Run | undefined): string[] {
  const selectors = (run?.selectors ?? []) as string[]
  return selectors.flatMap((selector) => /^source:[^.]+\.([^+]+)\+?$/.exec(selector)?.[1] ?? [])
}

/** From the moment at which the build took its lane until its gate was passed. */
function builtIn(run: Run | undefined): string | undefined {
  if (!run?.endedAt) return undefined
  const milliseconds = Date.parse(String(run.endedAt)) - Date.parse(run.createdAt)
  return `built in ${duration(Math.round(milliseconds / 1_000))}`
}
