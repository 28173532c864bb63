import { basename } from 'node:path'
import { isMap, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'

/** A mistake in a file, at the place where a person would mend it. */
export interface Problem {
  file: string
  line: number
  column: number
  /** The keys that lead to the place, such as `entities[0].entity`; empty for the file itself. */
  path: string
  message: string
  suggestion?: string
}

export type Path = readonly PropertyKey[]
export interface SourceText {
  file: string
  text: string
}

/** A YAML file with the line and column of each of its values. */
export interface Parsed {
  file: string
  data: unknown
  /** What is no YAML at all. */
  problems: Problem[]
  problem: (path: Path, message: string, suggestion?: string, where?: 'key' | 'value') => Problem
}

/** Reads one file; never throws, since a mistake is what it looks for. */
export function parsed({ file, text }: SourceText): Parsed {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter })
  const problems = [...document.errors, ...document.warnings].map(({ message, pos }) => {
    const { line, col } = lineCounter.linePos(pos[0])
    return { file, line, column: col, path: '', message: (message.split(' at line ')[0] as string).trim() }
  })
  const problem: Parsed['problem'] = (path, message, suggestion, where = 'value') => {
    const { line, col } = lineCounter.linePos(offset(document.contents, path, where))
    return { file, line, column: col, path: written(path), message, ...(suggestion && { suggestion }) }
  }
  if (problems.length > 0) return { file, data: undefined, problems, problem }
  try {
    return { file, data: document.toJS(), problems, problem }
  } catch (error) {
    return { file, data: undefined, problems: [problem([], (error as Error).message)], problem }
  }
}

/** Where a path stands in the text; a path whose end is missing stands at the last key that there is. */
function offset(root: Node | null, path: Path, where: 'key' | 'value'): number {
  let node: unknown = root
  let found = start(root) ?? 0
  for (const [at, key] of path.entries()) {
    const isLast = at === path.length - 1
    if (isMap(node)) {
      const pair = node.items.find((item) => keyOf(item) === String(key))
      if (!pair) return found
      node = pair.value
      const value = isLast && where === 'value' ? start(pair.value) : undefined
      found = value ?? start(pair.key) ?? found
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      found = start(node) ?? found
    } else return found
  }
  return found
}

const keyOf = ({ key }: Pair) => String((key as { value?: unknown } | null)?.value)
const start = (node: unknown) => (node as Node | null | undefined)?.range?.[0]

const written = (path: Path) =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')

/** A problem in a line, as compilers and editors write it: file, line and column, then path, mistake and way out. */
export function inWords({ file, line, column, path, message, suggestion }: Problem): string {
  return `${file}:${line}:${column} ${path || basename(file)}: ${message}${suggestion ? `; ${suggestion}` : ''}`
}
