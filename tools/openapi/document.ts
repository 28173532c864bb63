import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { chain } from '../../events/chain.js'
import * as bodies from '../../shared/doors/bodies.js'
import * as shapes from './answers.js'
import { type Described, described } from './routes.js'

type Json = { [name: string]: unknown }

/** The OpenAPI 3.1 document of the API, made from the chain's routes and from the schemas that the stages parse with. */
export function openapi(): Json {
  const { version, license } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  const routes = chain.flatMap(({ on, does }) =>
    on.flatMap((trigger) => ('http' in trigger ? trigger.http.map((route) => ({ route, does })) : [])),
  )
  const paths: Record<string, Json> = {}
  for (const { route, does } of routes) {
    const [method = '', path = ''] = route.split(' ')
    const told: Described = described[route] ?? {
      summary: `${does}.`,
      answers: { 200: { what: 'Done.', shape: shapes.view } },
    }
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(route, path, told) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Sluice', version, license: { name: license, identifier: license } },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: schemas(),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The API’s token.' },
        doorKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The key of a source.' },
        dbtSignature: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'Hex HMAC-SHA256 of the body, as the dbt platform sends it.',
        },
      },
    },
  }
}

function operation(route: string, path: string, told: Described): Json {
  const { summary, description, query, body, answers, security } = told
  const parameters = [...pathParameters(path), ...queryParameters(query)]
  const refused = security ? {} : { 401: { what: 'No token, or a wrong one.', shape: shapes.problem } }
  return {
    operationId: route
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/-$/, ''),
    summary,
    ...(description && { description }),
    ...(security && { security }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: json(body) } }),
    responses: Object.fromEntries(
      Object.entries({ ...answers, ...refused }).map(([status, { what, shape }]) => [
        status,
        { description: what, content: json(shape) },
      ]),
    ),
  }
}

const pathParameters = (path: string): Json[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1, maxLength: 256 },
  }))

function queryParameters(query: z.ZodObject | undefined): Json[] {
  return Object.entries(query?.shape ?? {}).map(([name, shape]) => {
    const schema = parameterSchema(shape as z.ZodType)
    return { name, in: 'query', required: !(shape as z.ZodType).safeParse(undefined).success, schema }
  })
}

/** A number in a query is text that becomes one, so its own shape is what comes out; a mark's is what goes in. */
function parameterSchema(shape: z.ZodType): Json {
  const out = schemaOf(shape, 'output')
  return 'type' in out || 'enum' in out ? out : schemaOf(shape, 'input')
}

/** The shapes that several routes have, by the name that the document gives them. */
const shared = new Map<z.ZodType, string>(
  Object.entries({ ...shapes, ...bodies })
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, shape]) => [shape, name.replace(/^./, (letter) => letter.toUpperCase())]),
)

const json = (shape: z.ZodType) => ({ 'application/json': { schema: referred(shape) } })

/** A shape by its name where it has one, and a choice of shapes by theirs. */
function referred(shape: z.ZodType): Json {
  const name = shared.get(shape)
  if (name) return { $ref: `#/components/schemas/${name}` }
  return shape instanceof z.ZodUnion
    ? { anyOf: shape.options.map((one) => referred(one as z.ZodType)) }
    : schemaOf(shape, 'input')
}

const schemas = () => Object.fromEntries([...shared].map(([shape, name]) => [name, schemaOf(shape, 'input')]))

function schemaOf(shape: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any' }) as Json
  return schema
}
