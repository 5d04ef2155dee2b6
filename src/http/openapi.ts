/** The declared endpoints as an OpenAPI 3.1 document; what is not declared is not served, so the two cannot differ. */
import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { type Endpoint, parametersInPath, type Schema } from '../api/endpoint.ts'
import { endpoints } from '../api/endpoints.ts'
import { problemTable } from './problem.ts'

type Json = Record<string, unknown>

const bytes = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
const cache = new Map<string, Json>()

/** The whole document for a server at `origin`. */
export function openApiDocument(version: string, origin: string): Json {
  const known = cache.get(origin)
  if (known) return known
  const paths: Record<string, Json> = {}
  for (const { noun, name, endpoint } of endpoints) {
    const path = endpoint.path.replace(parametersInPath, '{$1}')
    paths[path] ??= {}
    Object.assign(paths[path] ?? {}, { [endpoint.method.toLowerCase()]: operation(noun, name, endpoint) })
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'File Vault',
      version,
      description: 'Files of a small team: stored, found, shared.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: origin }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token: POST /api/tokens.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'filevault',
          description: 'Set by POST /api/auth/login; over TLS it is called __Host-filevault.',
        },
      },
      schemas: { Problem: problemSchema },
    },
  }
  cache.set(origin, document)
  return document
}

function operation(noun: string, name: string, endpoint: Endpoint): Json {
  const { summary, query, body, returns, fields } = endpoint.declared
  const parameters = [...endpoint.path.matchAll(parametersInPath)].map(([, param]) => ({
    name: param,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  return {
    operationId: name,
    tags: [noun],
    summary,
    ...(endpoint.access === 'anyone' ? { security: [] } : {}),
    ...(endpoint.access === 'admin' ? { description: 'Administrators only.' } : {}),
    parameters: [...parameters, ...(query ? queryParameters(query) : [])],
    ...(body
      ? {
          requestBody: {
            required: true,
            content:
              body === 'multipart'
                ? multipart(fields)
                : body === 'bytes'
                  ? bytes
                  : { 'application/json': { schema: json(body, 'input') } },
          },
        }
      : {}),
    responses: {
      [String(endpoint.status)]: returns
        ? {
            description: 'Done.',
            content: returns === 'bytes' ? bytes : { 'application/json': { schema: json(returns, 'output') } },
          }
        : { description: 'Done; no content.' },
      default: {
        description: 'Refused, and why.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function queryParameters(query: Schema): Json[] {
  const schema = json(query, 'input') as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(schema.properties ?? {}).map(([name, one]) =>
    name === 'metadata'
      ? {
          name: 'metadata.KEY',
          in: 'query',
          description: 'A field of the custom metadata, for any KEY; may be repeated.',
          schema: { type: 'array', items: { type: 'string' } },
        }
      : { name, in: 'query', required: schema.required?.includes(name) ?? false, schema: one },
  )
}

function multipart(fields: Schema | undefined): Json {
  const schema = fields ? (json(fields, 'input') as { properties?: Json }) : {}
  const files = { type: 'array', items: { type: 'string', format: 'binary' }, maxItems: 10 }
  return {
    'multipart/form-data': {
      schema: { type: 'object', properties: { ...schema.properties, files }, required: ['files'] },
    },
  }
}

function json(schema: Schema, typeMode: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    typeMode,
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema }) => {
      const { openapi } = v.getMetadata(valibotSchema as Schema) as { openapi?: Json }
      return openapi ?? undefined
    },
  })
  return rest
}

const problemSchema = {
  type: 'object',
  description: 'RFC 9457. `code` is for programs, `detail` for people.',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: [...problemTable.map(({ code }) => code), 'internal'] },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: { type: 'string' } },
        required: ['path', 'message'],
      },
    },
  },
  required: ['type', 'title', 'status', 'detail', 'code'],
}
