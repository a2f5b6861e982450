import { describe, expect, it } from 'vitest'
import { containerFlags, shapeOf } from '#server/infra/sandbox/container/container-flags.ts'
import { frameReader } from '#server/infra/sandbox/container/frames.ts'

const limits = { wallMs: 1000, cpuMs: 1000, memoryBytes: 64 << 20, processes: 8, outputBytes: 1000, diskBytes: 1 << 20, inodes: 100 }
const flags = (engine: 'docker' | 'podman', mounts: { source: string, target: string }[] = []) =>
  containerFlags(shapeOf({ limits, mounts }), { name: 'bespin-box-1', labels: { 'bespin.box': 'host/1' }, image: 'bespin-sandbox', engine })

describe.each(['docker', 'podman'] as const)('a container of %s', (engine) => {
  const text = flags(engine).join(' ')

  it.each(['--network none', '--read-only', '--cap-drop ALL', '--security-opt no-new-privileges', '--user 65534:65534', '--pull never', '--rm', '--ipc private', '--log-driver none'])('has %s', (flag) => {
    expect(text).toContain(flag)
  })
  it('may use its memory and no swap, and one process more than the program for the first one', () => {
    expect(text).toContain('--memory 67108864 --memory-swap 67108864 --pids-limit 9')
  })
  it('never gets the engine\'s socket, more rights, the host\'s name spaces, or a folder to write to', () => {
    expect(text).not.toMatch(/privileged|docker\.sock|podman\.sock|--cap-add|--device|unconfined|--(pid|net|network|ipc|uts|userns)[ =]host|--volume|--env/)
  })
  it('mounts read-only', () => {
    expect(flags(engine, [{ source: '/opt/go', target: '/opt/prepared' }])).toContain('type=bind,source=/opt/go,target=/opt/prepared,readonly')
  })
  it('refuses a path that would end one mount option and begin another', () => {
    expect(() => flags(engine, [{ source: '/tmp/a,readonly=false', target: '/x' }])).toThrow('comma')
  })
})

describe('frames', () => {
  const bytes = Buffer.concat([Buffer.from('O\0\0\0\x03abc', 'latin1'), Buffer.from('X\0\0\0\0', 'latin1'), Buffer.from('R\0\0\0\x02{}', 'latin1')])

  it.each([1, 2, 3, 7, 100])('are read from pieces of %i bytes', (size) => {
    const read: string[] = []
    const reader = frameReader((type, part) => { read.push(`${type}:${part.toString()}`) })
    for (let at = 0; at < bytes.length; at += size) reader(bytes.subarray(at, at + size))
    expect(read).toEqual(['O:abc', 'X:', 'R:{}'])
  })
})
