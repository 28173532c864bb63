import { expect, test } from 'vitest'
import { imageCommands } from '../../tools/deploy/images.js'

const root = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')
const pushed = (name: string) =>
  imageCommands(root, name, `r/sluice/${name}`, '0123456789ab')
    .filter(([, command]) => command === 'push')
    .map((words) => words.at(-1))

test('an image is pushed under its commit, and that of dbt then under the version of dbt too', () => {
  expect(pushed('cleanse')).toEqual(['r/sluice/cleanse:0123456789ab'])
  expect(pushed('dbt')).toEqual([
    'r/sluice/dbt:0123456789ab',
    expect.stringMatching(/^r\/sluice\/dbt:dbt-\d+\.\d+\.\d+-0123456789ab$/),
  ])
  const [build] = imageCommands(root, 'dbt', 'r/sluice/dbt', '0123456789ab')
  for (const tag of pushed('dbt')) expect(build).toContain(tag)
})
