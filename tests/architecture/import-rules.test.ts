import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { innocent, plantedTree, plants } from './planted-violations.ts'

const ROOT = join(import.meta.dirname, '../..')
const CHECKER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
interface Violation { from: string, to: string, rule: { name: string } }

let tree: string
let violations: Violation[]

/** Runs the real rules over a tree; the checker ends with the number of violations as its exit code. */
async function check(folder: string): Promise<Violation[]> {
  const folders = ['shared', 'server', 'workers', 'pages', 'components', 'composables', 'stores', 'tests']
  const args = [CHECKER, '--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', ...folders]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 1e8 }).catch((error: { stdout: string, stderr: string }) => { if (!error.stdout) throw error; return error })
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations
}

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'bespin-planted-'))
  for (const [path, source] of Object.entries(plantedTree)) {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await writeFile(join(tree, path), source)
  }
  await copyFile(join(ROOT, 'tsconfig.imports.json'), join(tree, 'tsconfig.imports.json'))
  violations = await check(tree)
})
afterAll(() => rm(tree, { recursive: true, force: true }))

describe('import rules', () => {
  it.each(plants)('$rule fires when $from imports $to', ({ rule, from, to }) => {
    expect(violations.filter(found => found.rule.name === rule && found.from === from).map(found => found.to)).toContain(to)
  })

  it('are silent about files that keep them', () => {
    expect(violations.filter(found => innocent.includes(found.from))).toEqual([])
  })

  it('each have a planted violation', () => {
    const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { forbidden: { name: string }[] }
    expect(new Set(forbidden.map(({ name }) => name))).toEqual(new Set(plants.map(({ rule }) => rule)))
  })
})
