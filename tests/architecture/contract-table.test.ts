import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { API } from '#shared/api-contract.ts'
import { JOB_TYPE_NAMES } from '#shared/job-types.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Routes that are pages or catch-alls and no operation of the API. */
const NO_OPERATION = [/^GET \/docs(\/|$)/, /\/\*\*$/, /^\* /]

interface RouteFile { file: string, operation: string }

function filesUnder(folder: string): string[] {
  const path = join(ROOT, folder)
  return existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts')).sort() : []
}

/** `jobs/[id].get.ts` under /api is `GET /api/jobs/:id`; a file without a method is a WebSocket (GET) or answers any method. */
function operationOf(file: string, prefix: string): string {
  const [, path = '', method] = /^(.*?)(?:\.(get|post|put|patch|delete|head|options))?\.ts$/.exec(file)!
  const url = `${prefix}/${path}`.replace(/\[\.\.\.\w*\]/g, '**').replace(/\[(\w+)\]/g, ':$1').replace(/(^|\/)index$/, '$1')
  const clean = url === '/api/' ? url : url.replace(/\/$/, '')
  return `${method?.toUpperCase() ?? 'GET'} ${clean}`
}

const routes: RouteFile[] = [
  ...filesUnder('server/api').map(file => ({ file: `server/api/${file}`, operation: operationOf(file, '/api') })),
  ...filesUnder('server/routes').map(file => ({ file: `server/routes/${file}`, operation: operationOf(file, '') })),
]

/** The name of a dynamic segment is the route file's own affair: two operations may share one place of the tree. */
const nameless = (operation: string) => operation.replace(/:\w+/g, ':')
const rows = Object.keys(API)

describe('the contract table', () => {
  it.each(rows)('has a route file for %s', (key) => {
    expect(routes.map(({ operation }) => nameless(operation))).toContain(nameless(key))
  })

  it('has a row for every route file', () => {
    const known = rows.map(nameless)
    const strangers = routes.filter(({ operation }) => !known.includes(nameless(operation)) && !NO_OPERATION.some(pattern => pattern.test(operation)))
    expect(strangers).toEqual([])
  })

  it('gives the dynamic segment at one place of a path one name', () => {
    const names = new Map<string, Set<string>>()
    for (const { operation } of routes) {
      const segments = operation.split(' ')[1]!.split('/')
      segments.forEach((segment, index) => {
        if (!segment.startsWith(':')) return
        const place = segments.slice(0, index).map(part => part.startsWith(':') ? ':' : part).join('/')
        names.set(place, (names.get(place) ?? new Set()).add(segment))
      })
    }
    const mixed = [...names].filter(([, used]) => used.size > 1).map(([place, used]) => `${place}/{${[...used].join(', ')}}`)
    expect(mixed).toEqual([])
  })
})

describe('job types', () => {
  const processors = readdirSync(join(ROOT, 'workers/processors')).map(name => name.replace(/\.ts$/, '')).filter(name => name !== 'index')
  /** A type that runs elsewhere is named after where it runs: drill, drill-thread. */
  const isOf = (type: string) => (processor: string) => type === processor || type.startsWith(`${processor}-`)

  it.each(JOB_TYPE_NAMES)('%s has a processor of its name', (type) => {
    expect(processors.filter(isOf(type))).toHaveLength(1)
  })

  it.each(processors)('the processor %s belongs to a job type', (processor) => {
    expect(JOB_TYPE_NAMES.some(type => isOf(type)(processor))).toBe(true)
  })
})
