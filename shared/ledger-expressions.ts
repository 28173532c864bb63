import type { Condition, Value, Write } from './ledger.js'

interface Expression {
  ConditionExpression?: string
  UpdateExpression?: string
  ExpressionAttributeNames?: Record<string, string>
  ExpressionAttributeValues?: Record<string, Value>
}

/**
 * The DynamoDB expressions of one write. Names and values always travel as placeholders, so a reserved word or a
 * foreign string never becomes part of an expression.
 */
export function expression(write: Write): Expression {
  const names = new Map<string, string>()
  const values = new Map<string, Value>()
  const name = (attribute: string) => {
    const placeholder = `#${attribute}`
    names.set(placeholder, attribute)
    return placeholder
  }
  const value = (content: Value) => {
    const placeholder = `:v${values.size}`
    values.set(placeholder, content)
    return placeholder
  }
  const condition = (write.when ?? []).map((one) => clause(one, name, value)).join(' AND ')
  const update = 'update' in write ? updateClauses(write, name, value) : ''
  return {
    ...(condition && { ConditionExpression: condition }),
    ...(update && { UpdateExpression: update }),
    ...(names.size > 0 && { ExpressionAttributeNames: Object.fromEntries(names) }),
    ...(values.size > 0 && { ExpressionAttributeValues: Object.fromEntries(values) }),
  }
}

type Placeholder<T> = (content: T) => string

function clause(condition: Condition, name: Placeholder<string>, value: Placeholder<Value>): string {
  if ('absent' in condition) return `attribute_not_exists(${name(condition.absent)})`
  if ('present' in condition) return `attribute_exists(${name(condition.present)})`
  const attribute = name(condition.attribute)
  if ('is' in condition) return `${attribute} = ${value(condition.is)}`
  const below = `${attribute} < ${value(condition.below)}`
  return condition.orAbsent ? `(attribute_not_exists(${attribute}) OR ${below})` : below
}

function updateClauses(
  write: Extract<Write, { update: unknown }>,
  name: Placeholder<string>,
  value: Placeholder<Value>,
): string {
  const set = Object.entries(write.set ?? {}).map(
    ([attribute, content]) => `${name(attribute)} = ${value(content)}`,
  )
  const append = Object.entries(write.append ?? {}).map(
    ([attribute, content]) =>
      `${name(attribute)} = list_append(if_not_exists(${name(attribute)}, ${value([])}), ${value(content)})`,
  )
  const removed = (write.remove ?? []).map(name)
  return [
    set.length + append.length > 0 ? `SET ${[...set, ...append].join(', ')}` : '',
    removed.length > 0 ? `REMOVE ${removed.join(', ')}` : '',
  ]
    .filter(Boolean)
    .join(' ')
}
