import { isDeepStrictEqual } from 'node:util'
import type { Item, Value } from '../../../shared/ledger.js'
import { ValidationException } from '../../fakes/ledger-item.js'

/**
 * DynamoDB's condition and update expressions, read as the service reads them and evaluated in memory. What is parsed
 * is kept by its text: the product writes few different ones.
 */
export interface Terms {
  ExpressionAttributeNames?: Record<string, string>
  ExpressionAttributeValues?: Record<string, unknown>
}

type Evaluate<T> = (item: Item | undefined, terms: Terms) => T
type Change = (before: Item | undefined, after: Item, terms: Terms) => void

const TOKENS = /\s*(<>|<=|>=|[()=<>,+-]|[:#]?[A-Za-z_][\w.]*|[:#][\w.#-]+)/gy
const conditions = new Map<string, Evaluate<boolean>>()
const updates = new Map<string, Change[]>()

/** Whether a condition expression holds for an item, or for its absence. */
export function conditionHolds(text: string | undefined, item: Item | undefined, terms: Terms): boolean {
  if (!text) return true
  let known = conditions.get(text)
  if (!known) {
    const parser = new Parser(text)
    known = parser.either()
    parser.end()
    conditions.set(text, known)
  }
  return known(item, terms)
}

/** Changes a copy of an item as an update expression says; values are those before the update. */
export function applyUpdate(text: string, before: Item | undefined, after: Item, terms: Terms): void {
  let known = updates.get(text)
  if (!known) {
    known = new Parser(text).update(terms)
    updates.set(text, known)
  }
  for (const change of known) change(before, after, terms)
}

class Parser {
  private readonly tokens: string[]
  private place = 0

  constructor(private readonly text: string) {
    this.tokens = [...text.matchAll(TOKENS)].map((match) => match[1] as string)
    if (this.tokens.join('') !== text.replace(/\s+/g, ''))
      throw new ValidationException(`cannot read: ${text}`)
  }

  either(): Evaluate<boolean> {
    let left = this.both()
    while (this.skip('OR')) {
      const [a, b] = [left, this.both()]
      left = (item, terms) => a(item, terms) || b(item, terms)
    }
    return left
  }

  end(): void {
    if (this.place < this.tokens.length) throw new ValidationException(`cannot read: ${this.text}`)
  }

  update(terms: Terms): Change[] {
    const changes: Change[] = []
    const paths: string[] = []
    while (this.place < this.tokens.length) {
      const clause = this.take()
      do {
        const name = this.take()
        paths.push(nameOf(name, terms))
        changes.push(this.change(clause, name))
      } while (this.skip(','))
    }
    if (new Set(paths).size < paths.length) throw new ValidationException('two document paths overlap')
    if (paths.some((path) => path === 'PK' || path === 'SK'))
      throw new ValidationException('an update cannot change the key')
    return changes
  }

  private change(clause: string, name: string): Change {
    if (clause === 'REMOVE') return (_, after, terms) => void delete after[nameOf(name, terms)]
    if (clause === 'ADD') {
      const added = this.operand()
      return (before, after, terms) => {
        const { [nameOf(name, terms)]: was = 0 } = before ?? ({} as Partial<Item>)
        if (typeof was !== 'number') throw new ValidationException('an operand is no number')
        after[nameOf(name, terms)] = was + Number(added(before, terms))
      }
    }
    if (clause !== 'SET' || !this.skip('=')) throw new ValidationException(`cannot read: ${this.text}`)
    const value = this.sum()
    return (before, after, terms) => {
      const content = value(before, terms)
      if (content === undefined) throw new ValidationException('the path does not exist in the item')
      after[nameOf(name, terms)] = content
    }
  }

  private both(): Evaluate<boolean> {
    let left = this.one()
    while (this.skip('AND')) {
      const [a, b] = [left, this.one()]
      left = (item, terms) => a(item, terms) && b(item, terms)
    }
    return left
  }

  private one(): Evaluate<boolean> {
    if (this.skip('NOT')) {
      const inner = this.one()
      return (item, terms) => !inner(item, terms)
    }
    if (this.skip('(')) {
      const inner = this.either()
      this.expect(')')
      return inner
    }
    const first = this.tokens[this.place] as string
    if (first === 'attribute_not_exists' || first === 'attribute_exists') return this.existence(first)
    const left = this.operand()
    const operator = this.take()
    const right = this.operand()
    return (item, terms) => compare(operator, left(item, terms), right(item, terms))
  }

  private existence(kind: string): Evaluate<boolean> {
    this.take()
    this.expect('(')
    const name = this.take()
    this.expect(')')
    const wanted = kind === 'attribute_exists'
    return (item, terms) => (item?.[nameOf(name, terms)] !== undefined) === wanted
  }

  private sum(): Evaluate<Value | undefined> {
    const left = this.operand()
    const operator = this.skip('+') ? '+' : this.skip('-') ? '-' : undefined
    if (!operator) return left
    const right = this.operand()
    return (item, terms) => {
      const [a, b] = [Number(left(item, terms)), Number(right(item, terms))]
      return operator === '+' ? a + b : a - b
    }
  }

  private operand(): Evaluate<Value | undefined> {
    const token = this.take()
    if (token.startsWith(':')) return (_, terms) => terms.ExpressionAttributeValues?.[token] as Value
    if (token === 'list_append' || token === 'if_not_exists') return this.call(token)
    return (item, terms) => item?.[nameOf(token, terms)]
  }

  private call(name: string): Evaluate<Value | undefined> {
    this.expect('(')
    const first = this.operand()
    this.expect(',')
    const second = this.operand()
    this.expect(')')
    if (name === 'if_not_exists') return (item, terms) => first(item, terms) ?? second(item, terms)
    return (item, terms) => {
      const [a, b] = [first(item, terms), second(item, terms)]
      if (!Array.isArray(a) || !Array.isArray(b)) throw new ValidationException('an operand is no list')
      return [...a, ...b]
    }
  }

  private take(): string {
    const token = this.tokens[this.place]
    this.place += 1
    if (token === undefined) throw new ValidationException(`cannot read: ${this.text}`)
    return token
  }

  private skip(token: string): boolean {
    if (this.tokens[this.place] !== token) return false
    this.place += 1
    return true
  }

  private expect(token: string): void {
    if (!this.skip(token)) throw new ValidationException(`cannot read: ${this.text}`)
  }
}

const nameOf = (token: string, terms: Terms): string =>
  token.startsWith('#') ? (terms.ExpressionAttributeNames?.[token] ?? token) : token

function compare(operator: string, a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined) return operator === '<>'
  if (operator === '=') return equal(a, b)
  if (operator === '<>') return !equal(a, b)
  if (typeof a !== typeof b || (typeof a !== 'number' && typeof a !== 'string')) return false
  const [x, y] = [a, b as typeof a]
  if (operator === '<') return x < y
  if (operator === '<=') return x <= y
  return operator === '>' ? x > y : x >= y
}

const equal = (a: Value, b: Value) =>
  typeof a === 'object' && a !== null ? isDeepStrictEqual(JSON.parse(JSON.stringify(a)), b) : a === b
