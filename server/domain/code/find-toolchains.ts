import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BoxMount, BoxOutcome, SandboxDriver } from '#server/infra/sandbox/driver.ts'
import { findBinaries } from '#server/infra/toolchains/find-binaries.ts'
import type { MissingRuntime } from '#shared/schemas/code.ts'
import type { Language, Toolchain } from './language.ts'
import { placeToolchain, type Placement } from './place-toolchain.ts'

const MIB = 1024 * 1024
/** Generous: the JVM of a busy machine takes its time to say its version. */
const LIMITS = { wallMs: 20_000, cpuMs: 10_000, memoryBytes: 512 * MIB, processes: 64, outputBytes: 65_536, diskBytes: 16 * MIB, inodes: 256 }
/** Each starts a process. */
const AT_ONCE = 3

export interface FindOptions {
  driver: SandboxDriver
  languages: Language[]
  /** Folders of PATH. */
  searchPath: string[]
  /** Folders that no box may see any of, such as the data folder. */
  keepOut: string[]
}

/** Finds the toolchain of every language by running candidates in a box: what answers there with its version is found. */
export async function findToolchains(options: FindOptions): Promise<{ found: Toolchain[], missing: MissingRuntime[] }> {
  const waiting = [...options.languages]
  const found: Toolchain[] = []
  const look = async (): Promise<void> => {
    for (let language = waiting.shift(); language; language = waiting.shift()) {
      const toolchain = await findToolchain(options, language)
      if (toolchain) found.push(toolchain)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, look))
  const order = (toolchain: Toolchain) => options.languages.indexOf(toolchain.language)
  found.sort((a, b) => order(a) - order(b))
  return { found, missing: options.languages.filter(language => !found.some(toolchain => toolchain.language === language)).map(describeMissing) }
}

/** Of the candidates the first that answers. */
async function findToolchain(options: FindOptions, language: Language): Promise<Toolchain | null> {
  const candidates = options.driver.name === 'container' ? await candidatesOfImage(options.driver, language) : await candidatesOfHost(options, language)
  for (const { placement, hostBinary } of candidates) {
    const version = await askVersion(options.driver, language, placement)
    if (version) return { language, version, binary: placement.binary, hostBinary, mounts: placement.mounts }
  }
  return null
}

interface Candidate { placement: Placement, hostBinary: string | null }

async function candidatesOfHost({ searchPath, keepOut }: FindOptions, { language: name, search }: Language): Promise<Candidate[]> {
  const binaries = await findBinaries(search, searchPath)
  const complete = binaries.filter(binary => (search.beside ?? []).every(tool => existsSync(join(dirname(binary), tool))))
  const placed = await Promise.all(complete.map(async binary => ({ hostBinary: binary, placement: await placeToolchain({ binary, search, name, keepOut }) })))
  return placed.filter((candidate): candidate is Candidate & { hostBinary: string } => candidate.placement !== null)
}

/** Says where each of its arguments lies, and what stands beside it. */
const WHERE = 'for name do command -v -- "$name"; done; exit 0'

/** The toolchains of an image lie where its PATH says, and are there as they are. */
async function candidatesOfImage(driver: SandboxDriver, { search }: Language): Promise<Candidate[]> {
  const { stdout } = await ask(driver, ['/bin/sh', '-c', WHERE, 'where', ...search.names], [])
  return stdout.toString().split('\n').filter(line => line.startsWith('/')).map(binary => ({ hostBinary: null, placement: { binary, mounts: [] } }))
}

async function askVersion(driver: SandboxDriver, { search: { version } }: Language, { binary, mounts }: Placement): Promise<string | null> {
  const { status, stdout, stderr } = await ask(driver, [binary, ...version.args], mounts)
  return status === 'ok' ? version.pattern.exec(`${stdout.toString()}\n${stderr.toString()}`)?.[1] ?? null : null
}

function ask(driver: SandboxDriver, argv: string[], mounts: BoxMount[]): Promise<BoxOutcome> {
  return driver.run({ argv, mounts, env: {}, files: [], stdin: new Uint8Array(), limits: LIMITS, limitAddressSpace: false })
}

function describeMissing({ language, title, aliases, install }: Language): MissingRuntime {
  return { language, title, aliases, install: `Debian and Ubuntu: ${install.debian}; Alpine: ${install.alpine}; Fedora: ${install.fedora}; macOS: ${install.macos}. Then start the code worker again.` }
}
