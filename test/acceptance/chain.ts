import { type Client, client } from '../../cli/client.js'
import type { RunView } from '../../cli/run-text.js'
import { until } from './poll.js'
import type { Stack } from './stack.js'

export interface Status {
  lanes: { lane: string; kind: string; runId: string | null; waiting: number; unbuilt?: number }[]
  domains: { domain: string; edition: string | null; isCurrent: boolean | null }[]
}
export type Row = Record<string, string | number | null>
export type Run = RunView & { gate?: boolean; engine?: string; history?: { at: string; state: string }[] }

const LIVE = ['FILLING', 'READY', 'RUNNING', 'COMMITTING']
const REST_SECONDS_MAX = 180
const STUCK_SECONDS_MAX = 5

/** The deployed chain, seen through its API alone. */
export class Chain {
  readonly api: Client
  /** A chain that did not come to rest once is not given the whole time again, so that a broken one fails soon. */
  private stuck = false

  constructor({ env }: Pick<Stack, 'env'>) {
    this.api = client({
      apiUrl: env.SLUICE_API_URL as string,
      token: env.SLUICE_API_TOKEN as string,
      bronzeBucket: '',
    })
  }

  /** Every run so far, newest first. */
  async runs(filter: { kind?: string; state?: string; subject?: string } = {}): Promise<Run[]> {
    return this.pages<Run>('/runs', 'runs', { ...filter, limit: '200' })
  }

  async run(runId: string): Promise<Run> {
    return this.api.get<Run>(`/runs/${runId}`)
  }

  async status(): Promise<Status> {
    return this.api.get<Status>('/status')
  }

  /** All rows of a published dataset, page by page. */
  async gold(domain: string, dataset: string, query: Record<string, string> = {}): Promise<Row[]> {
    return this.pages<Row>(`/gold/${domain}/${dataset}`, 'rows', { limit: '900', ...query })
  }

  /** The published edition of each domain. */
  async editions(): Promise<Record<string, string | null>> {
    const { domains } = await this.status()
    return Object.fromEntries(domains.map(({ domain, edition }) => [domain, edition]))
  }

  /**
   * Waits until every one of the files that ever landed stands in a run that has ended, nothing waits, and gold is as
   * new as it can be: each build lane has built all of silver, unless its newest build is parked.
   */
  async rest(landed: number, seconds = REST_SECONDS_MAX): Promise<Run[]> {
    let seen: unknown
    const note = (state: unknown) => {
      seen = state
    }
    const ask = () => this.atRest(landed, note)
    const bound = this.stuck ? STUCK_SECONDS_MAX : seconds
    this.stuck = true
    const runs = await until(`${landed} files at rest`, ask, { seconds: bound, seen: () => seen })
    this.stuck = false
    return runs
  }

  private async atRest(landed: number, note: (state: unknown) => void): Promise<Run[] | false> {
    const runs = await this.runs()
    const cleansed = runs
      .filter(({ kind }) => kind === 'cleanse')
      .reduce((sum, { files = 0 }) => sum + files, 0)
    const live = runs
      .filter(({ state }) => LIVE.includes(state))
      .map(({ runId, state }) => `${runId} ${state}`)
    note({ cleansed, live })
    // The status takes twenty times the calls: it is asked when the runs alone look like rest.
    if (cleansed < landed || live.length > 0) return false
    const status = await this.status()
    note({ cleansed, live, ...status })
    if (status.lanes.some(({ runId, waiting }) => runId || waiting > 0)) return false
    const parked = runs.find(({ kind }) => kind === 'build')?.state === 'PARKED'
    const built = parked || status.lanes.every(({ unbuilt = 0 }) => unbuilt === 0)
    const silver = runs.some(({ kind, state }) => kind === 'cleanse' && state === 'COMMITTED')
    const announced = !silver || status.lanes.some(({ kind }) => kind === 'build')
    return built && announced && status.domains.every(({ isCurrent }) => isCurrent !== false) && runs
  }

  private async pages<T>(path: string, member: string, query: Record<string, string>): Promise<T[]> {
    const found: T[] = []
    let next: string | undefined
    do {
      const page = await this.api.get<Record<string, unknown>>(path, { ...query, next })
      found.push(...(page[member] as T[]))
      next = page.next as string | undefined
    } while (next)
    return found
  }
}
