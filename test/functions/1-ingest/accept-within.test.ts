import { describe, expect, it } from 'vitest'
import { within } from '../../../functions/1-ingest/accept-webhook/within.js'

describe('the time of a door', () => {
  it('is given up before Lambda takes it, so that the sender hears to send it again', async () => {
    const never = new Promise<string>(() => {})
    await expect(within(1, never)).rejects.toThrow('not done within 1 ms')
  })

  it('is no matter to what is done or fails in it', async () => {
    expect(await within(10_000, Promise.resolve('done'))).toBe('done')
    await expect(within(10_000, Promise.reject(new Error('away')))).rejects.toThrow('away')
  })
})
