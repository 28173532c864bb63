import { TransientError } from '../../../shared/errors.js'

/** What `work` gives, or a `TransientError` after so many milliseconds. The work itself is not broken off. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new TransientError(`not done within ${Math.round(milliseconds)} ms`)
    timer = setTimeout(() => reject(error), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
