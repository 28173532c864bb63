import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import * as z from 'zod'
import { UserError } from '../../cli/config.js'
import { IMAGES } from './images.js'

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const promotion = z.object({ commit: z.string(), images: z.record(z.enum(IMAGES), digest) })

/**
 * The digests of the images that were promoted to a stage, by their names. Throws `UserError` when nothing was, or when
 * they are of another commit than the stack that would name them.
 */
export async function promotedImages(
  s3: Pick<S3Client, 'send'>,
  at: { bucket: string; stage: string; commit: string },
): Promise<Record<(typeof IMAGES)[number], string>> {
  const Key = `dbt/promoted/${at.stage}/promoted.json`
  const how = `.venv/bin/python -m tools.models.promote promote --commit ${at.commit} --bucket ${at.bucket} --stage ${at.stage}`
  let text: string | undefined
  try {
    text = await (await s3.send(new GetObjectCommand({ Bucket: at.bucket, Key }))).Body?.transformToString()
  } catch (error) {
    if ((error as Error).name !== 'NoSuchKey') throw error
    throw new UserError(`nothing is promoted to ${at.stage}: ${how}`)
  }
  const { commit, images } = promotion.parse(JSON.parse(text ?? ''))
  if (commit !== at.commit)
    throw new UserError(`${at.stage} has the images of ${commit}, and this is ${at.commit}: ${how}`)
  return images
}
