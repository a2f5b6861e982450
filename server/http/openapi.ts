import { z } from 'zod'
import { VERSION } from '#server/infra/version.ts'
import { API, type Operation } from '#shared/api-contract.ts'
import { ErrorBody } from '#shared/schemas/error.ts'

const toSchema = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' })
  return rest
}
let document: Record<string, unknown> | undefined

/** Who answers, and where to read on. */
export const greeting = () => ({ name: 'bespin', version: VERSION, links: { docs: '/docs', openapi: '/api/openapi.json', health: '/api/health' } })

/** The OpenAPI 3.1 document, made from the contract table. */
export function openApi(): Record<string, unknown> {
  document ??= {
    openapi: '3.1.0',
    info: { title: 'Bespin', version: VERSION, description: 'Jobs made over an API, run by workers, watched live; webhooks received, verified and stored.', license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    tags: [...new Set(Object.values(API).map(operation => operation.tag))].map(name => ({ name })),
    paths: paths(),
    components: {
      schemas: { Error: toSchema(ErrorBody, 'output') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        adminKey: { type: 'apiKey', in: 'header', name: 'X-Admin-Key' },
      },
    },
  }
  return document
}

function paths(): Record<string, Record<string, unknown>> {
  const all: Record<string, Record<string, unknown>> = {}
  for (const [key, operation] of Object.entries(API) as [string, Operation][]) {
    const [method, path] = key.split(' ') as [string, string]
    const template = path.replace(/:([^/]+)/g, '{$1}')
    all[template] = { ...all[template], [method.toLowerCase()]: describe(key, operation) }
  }
  return all
}

function describe(key: string, operation: Operation) {
  return {
    operationId: key.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/-$/, ''),
    summary: operation.summary, tags: [operation.tag],
    ...(operation.auth !== 'public' && operation.auth !== 'signature' && { security: [{}, { bearer: [] }, { apiKey: [] }, { adminKey: [] }] }),
    parameters: [...parameters(operation.params, 'path'), ...parameters(operation.query, 'query')],
    ...(operation.body && { requestBody: { required: !operation.bodyOptional, content: { 'application/json': { schema: toSchema(operation.body, 'input') } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(operation.responses).map(([status, schema]) => [status, { description: status === '503' ? 'Not available' : 'Success', content: { [operation.media ?? 'application/json']: { schema: toSchema(schema, 'output') } } }])),
      ...(operation.auth === 'socket' && { 101: { description: 'The WebSocket is open' } }),
      default: { description: 'Error', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    },
  }
}

function parameters(schema: z.ZodType | undefined, where: 'path' | 'query') {
  if (!schema) return []
  const object = toSchema(schema, 'input') as { properties?: Record<string, { description?: string }>, required?: string[] }
  return Object.entries(object.properties ?? {}).map(([name, property]) => ({
    name, in: where, required: where === 'path' || (object.required ?? []).includes(name), schema: property,
    ...(property.description && { description: property.description }),
  }))
}
