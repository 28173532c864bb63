import type { S3Client } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { linesOf, type ReadRange, readRange } from '../../shared/lines.js'
import { fakeClient } from '../fakes/aws-client.js'
import { textRanges } from '../functions/5-serve/asking.js'

const bounds = { lines: 100, bytes: 1_000, rangeBytes: 4 }
const reading = (text: string) => textRanges(new Map([['k', text]]))

describe('the lines of an object', () => {
  test.each([
    ['', []],
    ['\n', ['']],
    ['a', ['a']],
    ['a\n', ['a']],
    ['abcdefg\nhi\n\nj', ['abcdefg', 'hi', '', 'j']],
    ['äöü€\nß😀\n', ['äöü€', 'ß😀']],
  ])('%j are %j, whatever the ranges cut', async (text, expected) => {
    for (const rangeBytes of [1, 2, 3, 4, 100]) {
      const page = await linesOf(reading(text), 'k', 0, { ...bounds, rangeBytes })
      expect(page?.lines.map((line) => line.text)).toEqual(expected)
      expect(page?.ended).toBe(true)
    }
  })

  test('come in pages that join without gap or repeat', async () => {
    const text = 'one\nzwei\ndrei€\n\nfünf\nsix'
    for (const lines of [1, 2, 3, 5, 6]) {
      const found: string[] = []
      let from = 0
      for (let pages = 0; pages < 20; pages += 1) {
        const page = await linesOf(reading(text), 'k', from, { ...bounds, lines })
        expect(page?.lines.length).toBeLessThanOrEqual(lines)
        found.push(...(page?.lines.map((line) => line.text) ?? []))
        if (page?.ended) break
        from = page?.lines.at(-1)?.end ?? 0
      }
      expect(found).toEqual(text.split('\n'))
    }
  })

  test('stop at the bytes of one call, and a line that is longer is an error', async () => {
    const page = await linesOf(reading('abc\ndefghijklmn\n'), 'k', 0, { ...bounds, bytes: 8 })
    expect(page).toEqual({ lines: [{ text: 'abc', end: 4 }], ended: false })
    await expect(linesOf(reading('abcdefghijk'), 'k', 0, { ...bounds, bytes: 8 })).rejects.toThrow(
      'k has a line of more than 8 bytes',
    )
  })

  test('of an object that is gone are nothing', async () => {
    expect(await linesOf(reading('a'), 'other', 0, bounds)).toBeUndefined()
  })
})

describe('a range', () => {
  const body = (text: string) => ({ transformToByteArray: async () => Buffer.from(text) })
  const failing = (name: string): ReadRange =>
    readRange(
      'b',
      fakeClient<S3Client>({
        GetObjectCommand: () => {
          throw Object.assign(new Error(name), { name })
        },
      }).client,
    )

  test('is asked by its first and last byte, and knows the whole', async () => {
    const { client, calls } = fakeClient<S3Client>({
      GetObjectCommand: () => ({ Body: body('cd'), ContentRange: 'bytes 2-3/9' }),
    })
    const range = await readRange('b', client)('k', 2, 2)
    expect([Buffer.from(range?.content ?? []).toString(), range?.total]).toEqual(['cd', 9])
    expect(calls[0]?.input).toEqual({ Bucket: 'b', Key: 'k', Range: 'bytes=2-3' })
  })

  test('behind the end is empty, of no object nothing, and another error is thrown', async () => {
    expect(await failing('InvalidRange')('k', 5, 2)).toEqual({ content: new Uint8Array(), total: 5 })
    expect(await failing('NoSuchKey')('k', 0, 2)).toBeUndefined()
    await expect(failing('SlowDown')('k', 0, 2)).rejects.toThrow('SlowDown')
  })
})
