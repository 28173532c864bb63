import type { FailureClass } from '../../events/catalog.js'
import type { RunKind } from '../run.js'

/** P1: somebody is woken. P2: somebody is paged. P3: the team reads it today. P4: a note. */
export const PRIORITIES = ['P1', 'P2', 'P3', 'P4'] as const
export type Priority = (typeof PRIORITIES)[number]

/** What can go wrong with a run: a class of failure, or its gate. */
export type Fault = FailureClass | 'gate' | 'schema'

interface Rule {
  cleanse: Priority
  build: Priority
  /**
   * How far one root cause reaches: one lane; every run of a kind on one service; or every run that failed with the
   * same words.
   */
  reaches: 'lane' | 'service' | 'reason'
  title: string
}

/**
 * The one table of priorities, by what failed and for which kind of run; docs/alerts.md repeats it, and a test holds the
 * two together. A build counts more than a cleanse: readers wait for it, while a cleanse holds back one entity.
 */
export const FAULTS: Record<Fault, Rule> = {
  gate: { cleanse: 'P3', build: 'P2', reaches: 'lane', title: 'held at the gate' },
  // Every further file of that source will be held too, until somebody changes the contract or the source.
  schema: { cleanse: 'P2', build: 'P2', reaches: 'lane', title: 'its source changed the schema' },
  image_pull: { cleanse: 'P1', build: 'P1', reaches: 'service', title: 'the image cannot be pulled' },
  network_interface: { cleanse: 'P1', build: 'P1', reaches: 'service', title: 'no network interface' },
  capacity: { cleanse: 'P1', build: 'P1', reaches: 'service', title: 'no capacity' },
  configuration: { cleanse: 'P1', build: 'P1', reaches: 'reason', title: 'wrong configuration' },
  never_started: { cleanse: 'P1', build: 'P1', reaches: 'reason', title: 'the job never started' },
  spot: { cleanse: 'P2', build: 'P1', reaches: 'service', title: 'interrupted again and again' },
  out_of_memory: { cleanse: 'P2', build: 'P1', reaches: 'lane', title: 'out of memory' },
  crashed: { cleanse: 'P2', build: 'P1', reaches: 'lane', title: 'the job crashed' },
  reported: { cleanse: 'P2', build: 'P1', reaches: 'lane', title: 'the job failed' },
  reported_transient: {
    cleanse: 'P2',
    build: 'P1',
    reaches: 'lane',
    title: 'the job failed again and again',
  },
  timed_out: { cleanse: 'P2', build: 'P1', reaches: 'lane', title: 'ran too long' },
  lost: { cleanse: 'P2', build: 'P1', reaches: 'lane', title: 'the job was lost' },
  stopped: { cleanse: 'P4', build: 'P4', reaches: 'lane', title: 'stopped by a person' },
}

/** Messages in a dead-letter queue: something was delivered to nobody, and the reconciler drives most of it on. */
export const DEAD_LETTERS = { priority: 'P2', title: 'messages in' } as const

/** A column that nobody declared: the rows pass, and somebody should know. */
export const COLUMN_ADDED = { priority: 'P4', title: 'a column that its contract does not declare' } as const

/** Who is told of what. E-mail is there in every stage, so it hears everything. */
export const HEARD_BY = {
  pagerduty: ['P1', 'P2'],
  slack: ['P1', 'P2', 'P3'],
  email: PRIORITIES,
} as const satisfies Record<string, readonly Priority[]>

/** An extraction holds back one source as a cleanse does one entity, so it counts as much. */
export const priorityOf = (fault: Fault, kind: RunKind): Priority =>
  FAULTS[fault][kind === 'build' ? 'build' : 'cleanse']
