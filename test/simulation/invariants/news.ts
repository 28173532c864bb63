import type { Evidence, Invariant } from '../evidence.js'
import { answeringRun, changesOf, type Item, isRun, itemsUnder, partitions, runAt } from './reading.js'

/** Whether readers of a domain can be shown what a sync has brought: a good build exported it. */
const isExported = ({ ledger, editions }: Evidence, domain: string, syncId: string) =>
  [...editions.values()].some((one) => {
    if (!one.complete || one.domain !== domain || !one.syncs.includes(syncId)) return false
    return runAt(ledger, one.edition.slice(0, one.edition.lastIndexOf('-')))?.state === 'COMMITTED'
  })

const domainOf = ({ project }: Evidence, source: string) => project.sources[source]?.warehouse?.domain

/** The records that build lanes have of a sync; one that a deployment moved to another lane has two. */
const heardOf = (ledger: readonly Item[], syncId: string) =>
  partitions(ledger, 'ENTRY#build:').filter((entry) => entry.syncId === syncId)

const nothingIsSwallowed: Invariant = {
  name: 'at rest what each finished sync brought was exported, or its build is parked',
  when: 'rest',
  check: (evidence) =>
    partitions(evidence.ledger, 'SYNC#').flatMap(({ syncId, source, outcome }) => {
      const domain = domainOf(evidence, source)
      if (!domain || outcome !== 'finished' || isExported(evidence, domain, syncId)) return []
      const parked = heardOf(evidence.ledger, syncId).some((entry) => {
        const run = answeringRun(evidence.ledger, entry)
        return typeof run === 'object' && run.state === 'PARKED'
      })
      return parked ? [] : [`what sync ${syncId} of ${source} brought is in no edition of ${domain}`]
    }),
}

const idleRunsKnow: Invariant = {
  name: 'a sync ends without a job only when a build has exported what it brought, or another lane has it',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after }) => {
      if (!after || !isRun(after) || before?.state === 'COMMITTED') return []
      if (after.state !== 'COMMITTED' || !after.unchanged || after.kind !== 'build') return []
      return itemsUnder(evidence.ledger, after.PK, 'IN#').flatMap(({ input }) => {
        const domain = input?.syncId && domainOf(evidence, input.source)
        if (!domain || isExported(evidence, domain, input.syncId)) return []
        const moved = heardOf(evidence.ledger, input.syncId).some(({ lane }) => lane !== after.lane)
        return moved
          ? []
          : [`${after.PK} ends with sync ${input.syncId}, which is in no edition of ${domain}`]
      })
    }),
}

export const newsInvariants: readonly Invariant[] = [nothingIsSwallowed, idleRunsKnow]
