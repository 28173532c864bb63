import type { Invariant } from '../evidence.js'
import { changesOf, itemAt } from './reading.js'

const doneStaysDone: Invariant = {
  name: 'what was done with an event is not unsaid by a later failure',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after, item }) => {
      if (!before || !item.PK.startsWith('EVENT#') || before.outcome !== 'done') return []
      return after?.outcome === 'done'
        ? []
        : [`${item.PK} at ${item.SK} was done and is ${after?.outcome ?? 'gone'}`]
    }),
}

const everyFateIsRecorded: Invariant = {
  name: 'the fate of every delivered event is recorded',
  when: 'rest',
  check: ({ ledger, events }) =>
    events.flatMap(({ id, name, deliveries }) => {
      const done = new Set(deliveries.filter(({ result }) => result === 'done').map(({ stage }) => stage))
      return [...done].flatMap((stage) => {
        const fate = itemAt(ledger, `EVENT#${id}`, stage)
        if (!fate) return [`${name} ${id} was done by ${stage}, and nothing says so`]
        const wrong = [fate.outcome !== 'done' && `outcome ${fate.outcome}`, !fate.did && 'no words']
        return wrong.flatMap((what) =>
          what ? [`${name} ${id} was done by ${stage}; its fate has ${what}`] : [],
        )
      })
    }),
}

const nothingIsDroppedInSilence: Invariant = {
  name: 'an event that no try could digest is in the dead-letter queue',
  when: 'rest',
  check: ({ events }) =>
    events.flatMap(({ id, name, deliveries, deadLettered }) => {
      const stages = [...new Set(deliveries.map(({ stage }) => stage))]
      return stages.flatMap((stage) => {
        const results = deliveries.filter((one) => one.stage === stage).map(({ result }) => result)
        if (results.includes('running')) return [`${name} ${id} is still with ${stage}`]
        return results.includes('done') || deadLettered ? [] : [`${name} ${id} was never done by ${stage}`]
      })
    }),
}

const fatesAreOfRealEvents: Invariant = {
  name: 'a recorded fate is that of an event that was delivered',
  when: 'rest',
  check: ({ ledger, events }) => {
    const known = new Set(events.map(({ id }) => `EVENT#${id}`))
    const strange = ledger.filter(
      ({ PK }) => PK.startsWith('EVENT#') && !known.has(PK) && !PK.startsWith('EVENT#listing:'),
    )
    return strange.map(({ PK, SK }) => `${PK} at ${SK} is the fate of no event`)
  },
}

export const eventInvariants: readonly Invariant[] = [
  doneStaysDone,
  everyFateIsRecorded,
  nothingIsDroppedInSilence,
  fatesAreOfRealEvents,
]
