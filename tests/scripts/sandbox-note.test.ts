import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sandboxNote } from '../../scripts/launch/sandbox-note.ts'

describe('the word at start about missing bubblewrap', () => {
  const path = process.env.PATH
  let folder: string
  const put = (name: string) => {
    writeFileSync(join(folder, name), '#!/bin/sh\n')
    chmodSync(join(folder, name), 0o755)
  }
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bespin-test-path-'))
    process.env.PATH = folder
  })
  afterEach(() => {
    process.env.PATH = path
    rmSync(folder, { recursive: true })
  })

  it('names the command that installs it', () => {
    expect(sandboxNote('auto', 'linux')).toContain('apt-get install bubblewrap')
    expect(sandboxNote('bwrap', 'linux')).toContain('apt-get install bubblewrap')
  })
  it('is not said where it is there, where containers do it, where no code is run, or on another system', () => {
    expect([sandboxNote('container', 'linux'), sandboxNote('off', 'linux'), sandboxNote('auto', 'darwin')]).toEqual([undefined, undefined, undefined])
    put('podman')
    expect([sandboxNote('auto', 'linux'), sandboxNote('bwrap', 'linux') === undefined]).toEqual([undefined, false])
    put('bwrap')
    expect(sandboxNote('bwrap', 'linux')).toBeUndefined()
  })
})
