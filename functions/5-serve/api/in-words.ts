import type * as z from 'zod'

/** What is wrong with a value that a person sent, in words; nothing where Zod's own text has to do. */
export function inWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_value':
      return `${JSON.stringify(issue.input)} is none of ${issue.values.join(', ')}`
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `needs ${KINDS[issue.expected] ?? issue.expected}`
    case 'too_small':
      return issue.origin === 'string' ? 'is empty' : `at least ${issue.minimum}`
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`
    case 'unrecognized_keys':
      return `${issue.keys.map((key) => `"${key}"`).join(', ')} is not known here`
    case 'invalid_format':
      return issue.format === 'date' ? 'needs a day that there is, such as 2026-03-01' : undefined
    default:
      return undefined
  }
}

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}
