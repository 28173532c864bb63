import { expect, test } from 'vitest'
import { imageCommands } from '../../tools/deploy/images.js'

const root = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')
const tag = '0123456789ab'
const commands = (name: string, onSnowflake = false) =>
  imageCommands(name, { root, tag, repository: `r/sluice/${name}`, onSnowflake })
const pushed = (name: string, onSnowflake?: boolean) =>
  commands(name, onSnowflake)
    .filter(([, command]) => command === 'push')
    .map((words) => words.at(-1))

test('an image is pushed under its commit, and that of dbt then under the version of dbt too', () => {
  expect(pushed('cleanse')).toEqual(['r/sluice/cleanse:0123456789ab'])
  expect(pushed('dbt')).toEqual([
    'r/sluice/dbt:0123456789ab',
    expect.stringMatching(/^r\/sluice\/dbt:dbt-\d+\.\d+\.\d+-0123456789ab$/),
  ])
  const [build] = commands('dbt')
  for (const tag of pushed('dbt')) expect(build).toContain(tag)
})

test('what runs on Snowflake is built upon the image of dbt, and has a tag of its own', () => {
  expect(pushed('dbt', true)).toEqual([`r/sluice/dbt:snowflake-${tag}`])
  const [base, upon] = commands('dbt', true)
  expect(base).toContain(`r/sluice/dbt:${tag}`)
  expect(upon?.join(' ')).toContain(
    `containers/dbt/snowflake/Dockerfile --build-arg DBT_IMAGE=r/sluice/dbt:${tag} --tag r/sluice/dbt:snowflake-${tag}`,
  )
  expect(commands('cleanse', true)).toEqual(commands('cleanse'))
})
