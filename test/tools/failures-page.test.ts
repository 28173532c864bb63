import { expect, test } from 'vitest'
import { BackfillMoved, BackfillRequested, requests } from '../../events/catalog.js'
import { plannedOf } from '../../events/schedules.js'
import { project } from '../../shared/declared.js'
import { REQUESTS } from '../../shared/late.js'

test('every request of a person or of the clock says whether one that is lost is repeated', () => {
  const asked = [...requests, BackfillRequested, BackfillMoved].map(({ name }) => name)
  const scheduled = plannedOf(project).map(({ event }) => event)
  const told: string[] = REQUESTS.map(({ event }) => event)
  expect([...new Set(told)].sort()).toEqual([...new Set([...asked, ...scheduled])].sort())
  expect(told).toHaveLength(new Set(told).size)
})
