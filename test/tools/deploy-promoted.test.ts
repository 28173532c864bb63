import { NoSuchKey } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { promotedImages } from '../../tools/deploy/promoted.js'

const AT = { bucket: 'code', stage: 'prod', commit: '0123456789ab' }
const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const images = { cleanse: digest('a'), dbt: digest('b'), extract: digest('c') }

/** A bucket with what stands on record of a promotion. */
const having = (content?: object) => ({
  send: async ({ input }: { input: unknown }) => {
    expect(input).toEqual({ Bucket: 'code', Key: 'dbt/promoted/prod/promoted.json' })
    if (!content) throw new NoSuchKey({ $metadata: {}, message: 'none' })
    return { Body: { transformToString: async () => JSON.stringify(content) } }
  },
})
const ask = (content?: object) => promotedImages(having(content) as never, AT)

test('a stage is deployed with the digests that were promoted to it', async () => {
  expect(await ask({ commit: AT.commit, images, stage: 'prod' })).toEqual(images)
})

test('nothing is deployed that was not promoted, or is of another commit than the stack', async () => {
  await expect(ask()).rejects.toThrow(/^nothing is promoted to prod: .* --commit 0123456789ab /)
  await expect(ask({ commit: 'ba9876543210', images })).rejects.toThrow(
    /^prod has the images of ba9876543210, and this is 0123456789ab/,
  )
  await expect(ask({ commit: AT.commit, images: { ...images, dbt: 'latest' } })).rejects.toThrow('images')
})
