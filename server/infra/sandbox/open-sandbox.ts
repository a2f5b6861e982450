import { openBwrap } from './bwrap/driver.ts'
import type { SandboxDriver, SandboxProof } from './driver.ts'
import { enforcedBy } from './self-test.ts'

/** `auto`: bubblewrap where it proves itself, else containers. `off`: no code is run. There is no way to run it unprotected. */
export type SandboxKind = 'auto' | 'bwrap' | 'container' | 'off'

export interface SandboxOptions {
  kind: SandboxKind
  /** PATH to look for bwrap on. */
  searchPath?: string
  /** Makes the driver that runs containers. */
  container?: () => SandboxDriver
}

/**
 * Opens the sandbox that this machine allows, proven by running it.
 * @returns the driver, or null when none proved itself; `proof` then says why and what to do
 */
export async function openSandbox({ kind, searchPath, container }: SandboxOptions): Promise<{ driver: SandboxDriver | null, proof: SandboxProof }> {
  if (kind === 'off') return { driver: null, proof: refusal('Running code is switched off (BESPIN_SANDBOX=off).', 'Set BESPIN_SANDBOX=auto on a worker that may run code.') }
  const refused: SandboxProof[] = []
  for (const open of [kind !== 'container' && (() => openBwrap({ searchPath })), kind !== 'bwrap' && container]) {
    if (!open) continue
    const driver = open()
    const proof = await driver.probe()
    if (proof.ok) return { driver, proof }
    await driver.close()
    refused.push(proof)
  }
  return { driver: null, proof: refused[0] ?? refusal('Containers cannot be made here.', 'Set BESPIN_SANDBOX=bwrap.') }
}

function refusal(reason: string, remedy: string): SandboxProof {
  return { ok: false, reason, remedy, steps: [], cgroups: 'none', enforcement: enforcedBy('none') }
}
