import type { BoxFile, BoxMount } from '#server/infra/sandbox/driver.ts'
import type { CodeFile } from '#shared/schemas/code.ts'

/** Where a toolchain may be found, and what of it a box has to see. */
export interface ToolSearch {
  /** Names of the main binary, the best first. */
  names: string[]
  /** Folders to look in beside PATH; `~` is the home of the worker's user, `*` stands for any one name. */
  folders?: string[]
  /** An absolute path to try before everything else. */
  first?: string
  /** Of a toolchain outside /usr: `binary` needs nothing but its file, `prefix` the folder above its bin folder. */
  needs: 'binary' | 'prefix'
  /** True where paths are compiled in: then boxes must see it at its own place. */
  fixed?: true
  /** Other tools that must lie beside it (in the same folder), by the name `compile` uses for them. */
  beside?: string[]
  /** Folders of settings outside its prefix, such as /etc/php; mounted where they exist. `*` as above. */
  settings?: string[]
  /** Arguments that make it say its version, and where the version stands in what it says. */
  version: { args: string[], pattern: RegExp }
}

/** A toolchain that answered in a box. */
export interface Toolchain {
  language: Language
  version: string
  /** Absolute path of the main binary inside the box, and outside (null: it lies in an image). */
  binary: string
  hostBinary: string | null
  mounts: BoxMount[]
  /** Only of languages that prepare: when most programs can be compiled, and when all can. Neither ever rejects. */
  usable?: Promise<void>
  complete?: { done: boolean, promise: Promise<void> }
  /** What `prepare` made, as boxes see it; absent before, and when it failed. */
  prepared?: BoxMount
  /** Started interpreters wait for its programs, and one of them ran its trial. */
  warm?: boolean
}

/** One program of a stage, before the toolchain's mounts and the submission's files are added. */
export interface Step {
  argv: string[]
  env?: Record<string, string>
  /** Files of ours beside those of the submission; below /work. */
  files?: BoxFile[]
  /** Folders of the host the step reads, beside those of the toolchain. */
  mounts?: BoxMount[]
}

/** What `compile` and `run` may look at. */
export interface Submission {
  toolchain: Toolchain
  /** Name of the main source file, as `sourceFile` or `nameSource` gave it. */
  source: string
  code: string
  files: CodeFile[]
  /** Memory limit of the step, bytes. */
  memoryBytes: number
}

/** One language, told once. The folder `languages` holds one of these per file, as its default export. */
export interface Language {
  /** The name submissions use. */
  language: string
  title: string
  aliases: string[]
  sourceFile: string
  /** For languages where the source decides what its file is called. */
  nameSource?(code: string): string
  search: ToolSearch
  /** False where the run-time reserves far more address space than it uses (V8, Go, the JVM). */
  limitAddressSpace: boolean
  /**
   * Makes what later steps need in a new, empty folder (with the toolchain's binary as this machine sees it), once for a toolchain and in the background. It runs outside the box, so it
   * looks at nothing that was submitted. Boxes find the folder at
   * PREPARED_PATH; `onUsable` may be called when most of it is there. Aborted when the worker stops.
   */
  prepare?(options: { binary: string, folder: string, onUsable(): void, signal: AbortSignal }): Promise<void>
  /** Whether a compiler may have failed with these words only because not everything is prepared yet. */
  wantsMore?(complaint: string): boolean
  /** The compiler; its artifact must come to lie at ARTIFACT. Absent: the source is run as it is. */
  compile?(submission: Submission): Step
  /** Looks at the source without running it, for `compile_only` of a language that is not compiled. */
  check?(submission: Submission): Step
  /** The program; the arguments of the submission are appended to `argv`. */
  run(submission: Submission): Step
  /**
   * For interpreters that open their source and read it from there on: some wait, started, at a pipe in its place. `trial` prints
   * "warm". `takes`: false of sources that are read in another way.
   */
  warm?: { trial: string, takes?(code: string): boolean }
  /** Files of the run that come out of the artifact. Default: the artifact itself, executable, at ARTIFACT. */
  unpack?(artifact: Uint8Array, submission: Submission): BoxFile[]
  /** The command that brings it, by system. */
  install: { debian: string, alpine: string, fedora: string, macos: string }
}

/** Below /work: where compilers leave the artifact, and where a run finds it. */
export const ARTIFACT = '.program'
export const ARTIFACT_PATH = `/work/${ARTIFACT}`
/** Where boxes see what `prepare` made. */
export const PREPARED_PATH = '/opt/prepared'

const MIB = 1024 * 1024

/** A share of the memory limit in whole MiB, at least 4: what run-times take as the size of their heap. */
export const shareOfMemory = (bytes: number, share: number): number => Math.max(4, Math.floor(bytes * share / MIB))

/** Names of the files in the working folder that a compiler takes: the source, and what else ends like it. A name never begins with "-" or "@". */
export function sourcesEnding({ source, files }: Submission, ...endings: string[]): string[] {
  return [source, ...files.map(file => file.name)].filter(name => endings.some(ending => name.endsWith(ending))).map(name => `./${name}`)
}
