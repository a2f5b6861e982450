import { execFileSync } from 'node:child_process'
import { engineEnvironment } from '#server/config/engine-environment.ts'
import { createContainerDriver } from '#server/infra/sandbox/container/container-driver.ts'
import type { BoxLimits, BoxSpec } from '#server/infra/sandbox/driver.ts'

const MIB = 1024 * 1024
const LIMITS: BoxLimits = { wallMs: 10_000, cpuMs: 10_000, memoryBytes: 128 * MIB, processes: 32, outputBytes: 64 * 1024, diskBytes: 16 * MIB, inodes: 1000 }

export const createDriver = (command: string) => createContainerDriver({ command, image: process.env['TEST_SANDBOX_IMAGE'] ?? 'bespin-sandbox', env: engineEnvironment(process.env) })

export const bash = (script: string, ...args: string[]): string[] => ['/bin/bash', '-c', script, 'bash', ...args]

/** A spec with what matters named and the rest as usual. */
export const box = (argv: string[], given: Partial<Omit<BoxSpec, 'limits'>> & { limits?: Partial<BoxLimits> } = {}): BoxSpec =>
  ({ env: {}, mounts: [], files: [], stdin: Buffer.alloc(0), ...given, argv, limits: { ...LIMITS, ...given.limits } })

/** Names of all containers of ours, running or not. */
export function namesOfBoxes(command: string): string[] {
  const [program, ...args] = command.split(' ')
  const names = execFileSync(program!, [...args, 'ps', '--all', '--filter', 'label=bespin.box', '--format', '{{.Names}}'], { encoding: 'utf8' })
  return names.split('\n').filter(Boolean)
}
