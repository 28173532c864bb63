import type * as z from 'zod'

const PROBLEMS_MAX = 20
const PATH_MAX = 200

/** What is wrong with a body, by path; not more than somebody reads. */
export const problemsOf = (error: z.ZodError): string[] =>
  error.issues
    .slice(0, PROBLEMS_MAX)
    .map(({ path, message }) => `${path.join('.').slice(0, PATH_MAX) || 'body'}: ${message}`)
