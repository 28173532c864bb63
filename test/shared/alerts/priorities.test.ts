import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { causeOf, mayConcern } from '../../../shared/alerts/cause.js'
import { DEAD_LETTERS, FAULTS, type Fault, HEARD_BY, PRIORITIES } from '../../../shared/alerts/priorities.js'

const page = readFileSync(fileURLToPath(new URL('../../../docs/alerts.md', import.meta.url)), 'utf8')
/** The rows of one table of the page, as cells. */
const table = (title: string) =>
  (page.split(`\n| ${title} |`)[1] ?? '')
    .split('\n')
    .slice(2)
    .join('\n')
    .split(/\n(?!\|)/)[0]
    ?.split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )

describe('the page about alerts says what the code does', () => {
  const REACH = {
    lane: 'the lane',
    service: 'all runs of the kind on the service',
    reason: 'all runs that failed with the same words',
  }

  test('about the priority of every class of failure', () => {
    const { priority } = DEAD_LETTERS
    expect(table('failed with')).toEqual([
      ...Object.entries(FAULTS).map(([fault, rule]) => [
        `\`${fault}\``,
        rule.cleanse,
        rule.build,
        REACH[rule.reaches],
      ]),
      ['messages in a dead-letter queue', priority, priority, 'the queue'],
    ])
  })

  test('about who hears what', () => {
    const said = table('priority')?.map(([priority, , ...heard]) => [
      priority,
      ...heard.map((yes) => yes !== 'no'),
    ])
    const { pagerduty, slack, email } = HEARD_BY
    const hears = (by: readonly string[]) => PRIORITIES.map((priority) => by.includes(priority))
    const [pages, posts, mails] = [hears(pagerduty), hears(slack), hears(email)]
    expect(said).toEqual(PRIORITIES.map((priority, row) => [priority, pages[row], posts[row], mails[row]]))
  })
})

describe('a cause', () => {
  const blamed = (fault: Fault, lane: string, kind: 'cleanse' | 'build' = 'cleanse') =>
    causeOf({ fault, lane, kind, reason: 'it failed' })

  test('of every fault that a lane has may concern that lane, and not the other kind', () => {
    for (const fault of Object.keys(FAULTS) as Fault[]) {
      expect(mayConcern(blamed(fault, 'cleanse:prices'), 'cleanse:prices'), fault).toBe(true)
      expect(mayConcern(blamed(fault, 'cleanse:prices'), 'build:prices'), fault).toBe(false)
      expect(mayConcern(blamed(fault, 'build:a+b', 'build'), 'build:a+b'), fault).toBe(true)
    }
  })

  test('of one lane does not concern another whose name begins so', () => {
    expect(mayConcern('cleanse:prices:gate', 'cleanse:price')).toBe(false)
    expect(mayConcern('cleanse:prices:gate', 'cleanse:prices_eu')).toBe(false)
    expect(mayConcern('dead_letters:FunctionDeadLetters', 'cleanse:prices')).toBe(false)
  })

  test('named by its words is the same for long words without a digit, and quickly', () => {
    const reason = 'x'.repeat(200_000)
    const of = (text: string) =>
      causeOf({ fault: 'configuration', lane: 'cleanse:a', kind: 'cleanse', reason: text })
    expect(of(reason)).toBe(of(reason))
    expect(of(`${reason}!`)).not.toBe(of(reason))
  })
})
