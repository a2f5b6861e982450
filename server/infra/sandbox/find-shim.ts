import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, 'shim')
/** The same flags as `make shim`: together with one compiler they give the same bytes. */
export const SHIM_FLAGS = [
  '-Wall', '-Wextra', '-Os', '-static', '-nostdlib', '-nostartfiles', '-ffreestanding', '-fno-stack-protector', '-fno-pie', '-no-pie',
  '-fno-asynchronous-unwind-tables', '-fno-tree-loop-distribute-patterns', '-fno-ident', '-Wl,--build-id=none,-z,norelro,-z,noexecstack,--gc-sections', '-s',
]

/**
 * The bytes of a shim for this processor: the prebuilt one when its checksum is right, else one compiled now.
 * Throws, naming what to install, when there is neither.
 */
export function findShim(arch: string = process.arch, folder: string = FOLDER): Buffer {
  const prebuilt = join(folder, 'prebuilt', `shim-${arch}`)
  const bytes = existsSync(prebuilt) ? readFileSync(prebuilt) : undefined
  const sum = bytes && createHash('sha256').update(bytes).digest('hex')
  if (bytes && readFileSync(join(folder, 'prebuilt', 'SHA256SUMS'), 'utf8').includes(`${sum}  shim-${arch}\n`)) return bytes
  return compileShim(arch, bytes ? 'its checksum is not the one in SHA256SUMS' : 'there is none')
}

function compileShim(arch: string, reason: string): Buffer {
  const compiler = ['cc', 'gcc', 'clang'].find(isThere)
  if (!compiler) throw new Error(`the prebuilt shim for ${arch} cannot be used (${reason}) and there is no C compiler to build it; install gcc, or get the file again`)
  const folder = mkdtempSync(join(tmpdir(), 'bespin-shim-'))
  try {
    execFileSync(compiler, [...SHIM_FLAGS, '-o', join(folder, 'shim'), join(FOLDER, 'shim.c')], { timeout: 60_000 })
    return readFileSync(join(folder, 'shim'))
  }
  finally {
    rmSync(folder, { recursive: true })
  }
}

function isThere(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  }
  catch {
    return false
  }
}
