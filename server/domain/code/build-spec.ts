import type { BoxFile, BoxLimits, BoxSpec } from '#server/infra/sandbox/driver.ts'
import type { CodeExecutionPayload } from '#shared/schemas/code.ts'
import { ARTIFACT, type Step, type Submission, type Toolchain } from './language.ts'

/** A submission as a language's functions see it. */
export function describeSubmission(toolchain: Toolchain, payload: CodeExecutionPayload, memoryBytes: number): Submission {
  const { language } = toolchain
  const source = language.nameSource?.(payload.code) ?? language.sourceFile
  // The source stands for itself, and the place of the artifact is taken: a file of either name was refused when it was submitted.
  const files = (payload.files ?? []).filter(({ name }) => name !== source && name !== ARTIFACT)
  return { toolchain, source, code: payload.code, files, memoryBytes }
}

/** The files beside the source. */
export const filesOf = ({ files }: Submission): BoxFile[] => files.map(({ name, content, encoding }) => ({ path: name, content: Buffer.from(content, encoding) }))
export const sourceOf = ({ source, code }: Submission): BoxFile => ({ path: source, content: Buffer.from(code) })

/** What is compiled, or checked: nothing of the submission but its files goes in, so that the artifact fits every input. */
export function compileSpec(step: Step, submission: Submission, limits: BoxLimits): BoxSpec {
  return { ...toolSpec(step, submission), env: step.env ?? {}, files: [sourceOf(submission), ...filesOf(submission), ...(step.files ?? [])], stdin: new Uint8Array(), limits, limitAddressSpace: false }
}

/** The program with one input. */
export function runSpec(options: { submission: Submission, files: BoxFile[], limits: BoxLimits, env: Record<string, string>, args: string[], stdin: string }): BoxSpec {
  const { submission, files, limits, env, args, stdin } = options
  const { language } = submission.toolchain
  const step = language.run(submission)
  return {
    ...toolSpec({ ...step, argv: [...step.argv, ...args] }, submission),
    env: { ...step.env, ...env }, files: [...files, ...(step.files ?? [])], stdin: Buffer.from(stdin), limits, limitAddressSpace: language.limitAddressSpace,
  }
}

/** What a run finds in its folder: the program (or the source), and the files beside it. */
export function runFiles(submission: Submission, artifact: Uint8Array | undefined): BoxFile[] {
  if (!artifact) return [sourceOf(submission), ...filesOf(submission)]
  const program = submission.toolchain.language.unpack?.(artifact, submission) ?? [{ path: ARTIFACT, content: artifact, executable: true }]
  const taken = new Set(program.map(({ path }) => path))
  return [...program, ...filesOf(submission).filter(({ path }) => !taken.has(path))]
}

const toolSpec = ({ argv, mounts = [] }: Step, { toolchain }: Submission) => ({ argv, mounts: [...toolchain.mounts, ...mounts] })
