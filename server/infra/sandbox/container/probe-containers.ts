import type { ProofStep } from '#shared/schemas/code.ts'
import type { SandboxDriver, SandboxProof } from '../driver.ts'
import { proveSandbox } from '../self-test.ts'
import { askEngine, lastLine, type ContainerEngine } from './container-engine.ts'
import { LIMITS_REMEDY } from './check-hello.ts'

/** Who holds what: the container's control groups, its sized file systems, and the first process in it. */
const ENFORCEMENT: SandboxProof['enforcement'] = {
  wall_ms: 'shim', cpu_ms: 'polling', memory_bytes: 'container', processes: 'container', output_bytes: 'shim', disk_bytes: 'tmpfs', inodes: 'polling',
}

interface Verdict { ok: boolean, detail: string, remedy: string | null }

/** Asks the engine for the image; without it nothing is ever pulled. */
async function findImage(engine: ContainerEngine, image: string): Promise<Verdict> {
  const { code, stderr } = await askEngine(engine, ['image', 'inspect', '--format', '{{.Id}}', image])
  if (code === 0) return { ok: true, detail: image, remedy: null }
  return {
    ok: false, detail: `the image ${image} is not here: ${lastLine(stderr)}`,
    remedy: `Build it in Bespin's folder: ${engine.command.join(' ')} build --tag ${image} --file deploy/sandbox/Dockerfile .`,
  }
}

async function findEngineOrSay(find: () => Promise<ContainerEngine>): Promise<Verdict & { engine?: ContainerEngine }> {
  try {
    const engine = await find()
    return { ok: true, detail: engine.version, remedy: null, engine }
  }
  catch (error) {
    return {
      ok: false, detail: error instanceof Error ? error.message : String(error),
      remedy: 'Install and start Docker or Podman (Debian: apt install podman), or name the command that reaches it in BESPIN_CONTAINER_COMMAND.',
    }
  }
}

/**
 * Shows by trying that containers of this engine hold what the driver promises: the questions of the self-test are asked in them.
 * Removes what workers left behind that are gone.
 */
export async function probeContainers(options: {
  image: string
  find(): Promise<ContainerEngine>
  removeLeftovers(engine: ContainerEngine): Promise<number>
  driver: Pick<SandboxDriver, 'run'>
  /** Version of the control groups that the containers so far had. */
  cgroups(): SandboxProof['cgroups']
}): Promise<SandboxProof> {
  const steps: ProofStep[] = []
  const note = (name: string, { ok, detail }: Verdict) => { steps.push({ name, ok, detail }) }
  const refuse = (verdict: Verdict): SandboxProof => ({ ok: false, reason: verdict.detail, remedy: verdict.remedy, steps, cgroups: 'none', enforcement: ENFORCEMENT })

  const { engine, ...answered } = await findEngineOrSay(options.find)
  note('the container engine answers', answered)
  if (!engine) return refuse(answered)
  const image = await findImage(engine, options.image)
  note('the image is there', image)
  if (!image.ok) return refuse(image)
  await options.removeLeftovers(engine)

  const proof = await proveSandbox({ run: options.driver.run, open: () => Promise.resolve({ cgroups: { version: options.cgroups() } }) })
  return { ...proof, remedy: proof.ok ? null : LIMITS_REMEDY, steps: [...steps, ...proof.steps], cgroups: options.cgroups(), enforcement: ENFORCEMENT }
}
