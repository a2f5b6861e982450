/**
 * Builds the shim of the sandbox (`make shim`) for both processors and writes their checksums. The flags are those that a
 * worker uses when it has to build its own. Needs gcc, and for arm64 aarch64-linux-gnu-gcc (Debian: gcc-aarch64-linux-gnu).
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SHIM_FLAGS } from '../server/infra/sandbox/find-shim.ts'

const SOURCES = fileURLToPath(new URL('../server/infra/sandbox/shim', import.meta.url))
const COMPILERS = { arm64: ['aarch64-linux-gnu-gcc', 'arm64'], x64: ['x86_64-linux-gnu-gcc', 'x64'] } as const

const prebuilt = join(SOURCES, 'prebuilt')
mkdirSync(prebuilt, { recursive: true })
const sums = Object.entries(COMPILERS).map(([arch, [cross, native]]) => {
  const compiler = process.arch === native ? 'gcc' : cross
  const out = join(prebuilt, `shim-${arch}`)
  execFileSync(compiler, [...SHIM_FLAGS, '-o', out, join(SOURCES, 'shim.c')], { stdio: 'inherit' })
  const bytes = readFileSync(out)
  console.log(`${compiler} -> ${out} (${bytes.length} bytes)`)
  return `${createHash('sha256').update(bytes).digest('hex')}  shim-${arch}\n`
})
writeFileSync(join(prebuilt, 'SHA256SUMS'), sums.join(''))
