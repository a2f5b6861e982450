#!/usr/bin/env node
// Stands in for Prisma's native schema engine, which is not on npm: the same line-delimited JSON-RPC on standard input
// and output, answered by Prisma's own WebAssembly build of the engine over the pg driver.
import { randomUUID } from 'node:crypto'
import { readFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg'
import pg from 'pg'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    'datamodels': { type: 'string', multiple: true },
    'datasource': { type: 'string' },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
  },
})
const databaseUrl = options.datasource ? JSON.parse(options.datasource).url : process.env.DATABASE_URL

/** Prisma reads failures as JSON lines on standard error. Synchronous, because the process ends right after. */
function logError(message, code, isPanic = false) {
  const fields = { message, error_code: code, is_panic: isPanic }
  writeSync(2, `\n${JSON.stringify({ level: 'ERROR', timestamp: '', target: 'schema_engine::logger', fields })}\n`)
}

const PRISMA_CODES = { '3D000': 'P1003', '28P01': 'P1000', '42P04': 'P1009' }

/** `cli can-connect-to-database | create-database | drop-database`: run once, exit 0 or 1. */
async function runDatabaseCommand(command) {
  const target = new URL(databaseUrl)
  const name = pg.escapeIdentifier(decodeURIComponent(target.pathname.slice(1)))
  if (command !== 'can-connect-to-database') target.pathname = '/postgres'
  const client = new pg.Client({ connectionString: target.href })
  try {
    await client.connect()
    if (command === 'create-database') await client.query(`CREATE DATABASE ${name}`)
    if (command === 'drop-database') await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await client.end()
    return 0
  }
  catch (error) {
    logError(error.message, PRISMA_CODES[error.code] ?? 'P1001')
    return 1
  }
}

/** Connection as parts: with a connection string pg would ignore the database name given beside it (shadow database). */
function connectionParts() {
  const url = new URL(databaseUrl)
  return {
    host: decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''),
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password) || undefined,
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: /[?&]sslmode=(require|verify)/.test(url.search) ? { rejectUnauthorized: !/sslmode=require\b/.test(url.search) } : undefined,
    max: 2,
    schema: url.searchParams.get('schema') ?? undefined,
  }
}

const CHAR_OID = 18
const BPCHAR_OID = 1042

/** The driver adapter is made for queries; three of its ways break migrations and are put right on its prototypes. */
async function repairAdapter(factory) {
  const probe = await factory.connect()
  const transactional = Object.getPrototypeOf(probe)
  const queryable = Object.getPrototypeOf(transactional)
  await probe.dispose()
  // It splits scripts at every semicolon, also inside function bodies, and runs the pieces on several connections.
  transactional.executeScript = async function executeScript(script) {
    try {
      await this.client.query(script)
    }
    catch (error) {
      this.onError(error)
    }
  }
  // It knows no type for PostgreSQL's one-letter "char", which the catalogue is full of.
  const { performIO, queryRaw } = queryable
  queryable.performIO = async function (query) {
    const result = await performIO.call(this, query)
    this.charColumns = (result.fields ?? []).map(field => field.dataTypeID === CHAR_OID)
    for (const field of result.fields ?? []) if (field.dataTypeID === CHAR_OID) field.dataTypeID = BPCHAR_OID
    return result
  }
  queryable.queryRaw = async function (query) {
    const result = await queryRaw.call(this, query)
    this.charColumns?.forEach((isChar, index) => {
      if (isChar) result.columnTypes[index] = ColumnTypeEnum.Character
    })
    return result
  }
}

/** The scratch database `migrate dev` replays migrations in; its pool must end before it can be dropped. */
async function connectToShadowDatabase({ schema, ...connection }) {
  const admin = new pg.Client(connection)
  await admin.connect()
  const database = `prisma_migrate_shadow_db_${randomUUID()}`
  await admin.query(`CREATE DATABASE "${database}"`)
  const shadow = await new PrismaPg({ ...connection, database }, { schema }).connect()
  const dispose = shadow.dispose.bind(shadow)
  shadow.dispose = async () => {
    await dispose()
    await admin.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`)
    await admin.end()
  }
  return shadow
}

async function startEngine() {
  const wasm = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm')
  const { instance } = await WebAssembly.instantiate(readFileSync(wasm), { './schema_engine_bg.js': engineModule })
  engineModule.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  const datamodels = options.datamodels?.map(path => [path, readFileSync(path, 'utf8')])
  const { schema, ...connection } = connectionParts()
  const factory = new PrismaPg(connection, { schema })
  await repairAdapter(factory)
  factory.connectToShadowDb = () => connectToShadowDatabase({ schema, ...connection })
  const trace = message => process.env.DEBUG && process.stderr.write(`${message}\n`)
  return engineModule.SchemaEngine.new({ datamodels }, trace, bindMigrationAwareSqlAdapterFactory(factory))
}

const METHOD_NAMES = { getDatabaseVersion: 'version' }
const send = message => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)

/** Answers requests in order until standard input closes. */
function serveRequests() {
  let engine
  let queue = Promise.resolve()
  let printed = 0
  const printWaiters = new Map()

  async function answer(request) {
    try {
      engine ??= await startEngine()
      const result = await engine[METHOD_NAMES[request.method] ?? request.method](request.params)
      if (request.method === 'diff' && result?.stdout) {
        const id = `print-${++printed}`
        send({ id, method: 'print', params: { content: result.stdout } })
        await new Promise(resolve => printWaiters.set(id, resolve))
      }
      send({ id: request.id, result: result ?? {} })
    }
    catch (error) {
      const data = { is_panic: false, message: error.message ?? String(error), meta: error.meta ?? null, error_code: error.code ?? null }
      send({ id: request.id, error: { code: 4466, message: 'An error happened. Check the data field for details.', data } })
    }
  }

  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const request = JSON.parse(line)
    if (!request.method) printWaiters.get(request.id)?.()
    else queue = queue.then(() => answer(request))
  })
  lines.on('close', () => queue.then(() => process.exit(0)))
}

process.on('uncaughtException', (error) => {
  logError(`schema engine: ${error.message}`, undefined, true)
  process.exit(1)
})
if (positionals[0] === 'cli') process.exit(await runDatabaseCommand(positionals.at(-1)))
serveRequests()
