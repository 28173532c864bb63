import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dbtPlatform, type Platform, type PlatformRequest } from '../../shared/extract-platform.js'
import { PlatformServer } from '../fakes/platform-server.js'

const TOKEN = 'dbts_1234567890abcdef'
const server = () => new PlatformServer(TOKEN)
let own: PlatformServer
let platform: Platform
let request: PlatformRequest

beforeEach(async () => {
  own = server()
  const url = await own.start()
  const cause = 'Sluice r0000000000000000000000001/1'
  request = { url, accountId: '1', jobId: '123', secret: 'sluice/models', cause }
  platform = dbtPlatform(async (name) => (name === 'sluice/models' ? TOKEN : undefined))
})
afterEach(() => own.stop())

/** What a call throws, as a person would read it. */
const thrown = (call: Promise<unknown>) =>
  call.then(String, (error: Error) => `${error.name}: ${error.message}`)

describe('a job of the dbt platform', () => {
  test('is started with its cause, and goes on until it ends', async () => {
    const started = await platform.start(request)
    expect(started).toEqual({ job: '70471800000000' })
    expect(own.runs[0]?.trigger.cause).toBe(request.cause)
    expect(own.asked).toEqual(['POST /jobs/123/run/'])
    expect(await platform.get(request, '70471800000000')).toEqual({})
    own.end('70471800000000', 'success')
    expect(await platform.get(request, '70471800000000')).toEqual({ ended: { ok: true } })
  })

  test.each([
    ['error', 'reported', 'the dbt platform says error: dbt build failed'],
    ['cancelled', 'stopped', 'the dbt platform says cancelled: dbt build failed'],
  ] as const)('that ends as %s is %s', async (as, failureClass, reason) => {
    await platform.start(request)
    own.end('70471800000000', as, 'dbt build failed')
    const ended = { ok: false, reason, failureClass }
    expect(await platform.get(request, '70471800000000')).toEqual({ ended })
  })

  test('whose start was never answered is found by its cause, among those of others', async () => {
    own.loseAnswer = true
    expect(await thrown(platform.start(request))).toMatch(/^TransientError: the dbt platform gave no answer/)
    await platform.start({ ...request, cause: 'Scheduled' })
    expect(await platform.find(request)).toBe('70471800000000')
    expect(await platform.find({ ...request, cause: 'Sluice another/1' })).toBeUndefined()
  })

  test('is cancelled when its run no longer wants it', async () => {
    await platform.start(request)
    await platform.stop(request, '70471800000000')
    expect(await platform.get(request, '70471800000000')).toMatchObject({
      ended: { failureClass: 'stopped' },
    })
  })

  test('that the platform does not know is nothing', async () => {
    expect(await platform.get(request, '5')).toBeUndefined()
  })
})

describe('a platform that refuses', () => {
  test.each([
    [400, 'configuration'],
    [403, 'configuration'],
    [404, 'configuration'],
    [429, 'capacity'],
  ])('a start with %i fails it as %s', async (status, failureClass) => {
    own.failing = [status]
    const failed = `the dbt platform did not start the job: ${status} The request was refused.`
    expect(await platform.start(request)).toEqual({ failed, failureClass })
    expect(own.runs).toEqual([])
  })

  test.each([500, 502, 503])('a start with %i leaves open whether it began', async (status) => {
    own.failing = [status]
    expect(await thrown(platform.start(request))).toMatch(/^TransientError: .* did not start the job: \d+/)
  })

  test('a question is asked again later', async () => {
    own.failing = [503, 429, 401]
    expect(await thrown(platform.get(request, '5'))).toMatch(
      /^TransientError: .* does not tell of run 5: 503/,
    )
    expect(await thrown(platform.find(request))).toMatch(/^TransientError: .* lists no runs: 429/)
    expect(await platform.find(request)).toBeUndefined()
  })

  test('a wrong token says so, and never which', async () => {
    const wrong = dbtPlatform(async () => 'dbts_wrong')
    const answer = await wrong.start(request)
    expect(answer).toMatchObject({ failureClass: 'configuration' })
    expect(JSON.stringify(answer)).not.toContain('dbts_')
  })
})

describe('the secret', () => {
  test('may name the address, so that another stage asks another server', async () => {
    const { url, ...rest } = request
    const secret = JSON.stringify({ value: TOKEN, url: `${url}/` })
    const elsewhere = dbtPlatform(async () => secret)
    expect(await elsewhere.start({ ...rest, url: 'https://cloud.getdbt.com' })).toEqual({
      job: '70471800000000',
    })
  })

  test('that nobody has made yet starts nothing, and says so', async () => {
    const none = dbtPlatform(async () => undefined)
    expect(await none.start(request)).toEqual({
      failed: 'the dbt platform did not start the job: there is no secret sluice/models yet',
      failureClass: 'configuration',
    })
    expect(await none.find(request)).toBeUndefined()
    expect(await thrown(none.get(request, '5'))).toMatch(/no secret sluice\/models yet$/)
  })

  test('that cannot be read keeps a start open, and no lost one for ever', async () => {
    const mute = dbtPlatform(async () => Promise.reject(new Error(`no right to read ${TOKEN}`)))
    const why = 'the secret sluice/models cannot be read'
    expect(await thrown(mute.start(request))).toBe(
      `TransientError: the dbt platform did not start the job: ${why}`,
    )
    expect(await mute.find(request)).toBeUndefined()
    expect(await thrown(mute.get(request, '5'))).toBe(
      `TransientError: the dbt platform does not tell of run 5: ${why}`,
    )
  })

  test('stands in no error, whatever goes wrong', async () => {
    await own.stop()
    const said = await Promise.all([
      thrown(platform.start(request)),
      thrown(platform.get(request, '5')),
      thrown(platform.find(request)),
    ])
    expect(said).toHaveLength(3)
    expect(await platform.stop(request, '5')).toBeUndefined()
    for (const text of said) expect(text).toMatch(/^TransientError: the dbt platform gave no answer: \w+$/)
  })
})
