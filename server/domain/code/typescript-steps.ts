import { ARTIFACT_PATH, type Submission } from './language.ts'
import type { BoxFile } from '#server/infra/sandbox/driver.ts'

/** Declarations alone (`.d.ts`) hold no code. */
export const isTypeScript = (name: string): boolean => /\.[mc]?ts$/.test(name) && !/\.d\.[mc]?ts$/.test(name)

/** `lib/a.mts` runs as `lib/a.mjs`. */
export const scriptName = (name: string): string => name.replace(/\.([mc]?)ts$/, '.$1js')

/**
 * Runs inside the box. Types are blanked out where that is enough (lines and columns stay as they are); enums, namespaces and
 * parameter properties are turned into code, with a source map. Leaves `{name: script}` as JSON.
 */
export const TRANSFORM_TYPESCRIPT = `
const { stripTypeScriptTypes } = require('node:module')
const fs = require('node:fs')
const scripts = {}
let failed = false
const transform = (name, source) => {
  try { return stripTypeScriptTypes(source, { mode: 'strip' }) }
  catch (error) {
    if (error.code !== 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') throw error
    return stripTypeScriptTypes(source, { mode: 'transform', sourceMap: true, sourceUrl: name })
  }
}
for (const name of process.argv.slice(1)) {
  try { scripts[name] = transform(name, fs.readFileSync(name, 'utf8')) }
  catch (error) { failed = true; process.stderr.write(name + ': ' + error.message.trim() + '\\n' + (error.snippet ? error.snippet + '\\n' : '')) }
}
if (failed) process.exit(1)
fs.writeFileSync('${ARTIFACT_PATH}', JSON.stringify(scripts))
`

/** Runs inside the box before the program: imports name the files as they were written (`./a.ts`, or `./a`), on disk they are scripts. */
export const RESOLVE_TYPESCRIPT = `
import { registerHooks } from 'node:module'
const written = /^\\.{0,2}\\/.*\\.([mc]?)ts$/
registerHooks({ resolve(specifier, context, next) {
  if (written.test(specifier)) specifier = specifier.replace(/ts$/, 'js')
  try { return next(specifier, context) }
  catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/^\\.{1,2}\\//.test(specifier)) throw error
    return next(specifier + '.js', context)
  }
} })
`

/** The scripts of the artifact under the names they run as. The artifact came out of a box: only names that were sent in are taken. */
export function unpackScripts(artifact: Uint8Array, { source, files }: Submission): BoxFile[] {
  const scripts: unknown = JSON.parse(Buffer.from(artifact).toString())
  if (typeof scripts !== 'object' || scripts === null) throw new Error('The artifact holds no scripts.')
  return [source, ...files.map(file => file.name).filter(isTypeScript)].map((name) => {
    const script: unknown = Object.hasOwn(scripts, name) ? (scripts as Record<string, unknown>)[name] : undefined
    if (typeof script !== 'string') throw new Error(`The artifact lacks ${name}.`)
    return { path: scriptName(name), content: Buffer.from(script) }
  })
}
