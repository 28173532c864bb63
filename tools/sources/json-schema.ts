import * as z from 'zod'
import { sourceFile } from '../../shared/sources/schema.js'

/** As much of JSON Schema as zod writes for the source files. */
export interface Node {
  type?: string
  const?: unknown
  enum?: unknown[]
  default?: unknown
  description?: string
  pattern?: string
  minimum?: number
  maximum?: number
  properties?: Record<string, Node>
  required?: string[]
  items?: Node
  oneOf?: Node[]
  anyOf?: Node[]
}

/** The schema of a source file for editors, draft 7: what the YAML language server reads. */
export const sourceSchema = z.toJSONSchema(sourceFile, { io: 'input', target: 'draft-7' }) as Node

/** All variants of a schema, the nested ones too: a list of one when it has none. */
export const variants = (node: Node): Node[] => (node.oneOf ? node.oneOf.flatMap(variants) : [node])

const isMap = (data: unknown): data is Record<string, unknown> => typeof data === 'object' && data !== null

/** The variant that the data asks for by its fixed keys, such as its kind. */
function chosen(node: Node, data: unknown): Node | undefined {
  return variants(node).find(({ properties = {} }) =>
    Object.entries(properties).every(
      ([key, { const: fixed }]) => fixed === undefined || (isMap(data) && data[key] === fixed),
    ),
  )
}

/** The schema of the place that a path leads to, or nothing when the data decides for no variant there. */
export function nodeAt(
  data: unknown,
  path: readonly PropertyKey[],
  node: Node = sourceSchema,
): Node | undefined {
  const [key, ...rest] = path
  const variant = chosen(node, data)
  if (key === undefined || !variant) return variant
  const next = typeof key === 'number' ? variant.items : variant.properties?.[String(key)]
  const inner = isMap(data) ? data[String(key)] : undefined
  return next && nodeAt(inner, rest, next)
}
