import { ARTIFACT_PATH, sourcesEnding, type Language } from '../language.ts'

export default {
  language: 'c', title: 'C', aliases: [], sourceFile: 'main.c',
  search: { names: ['gcc', 'cc', 'clang'], needs: 'binary', version: { args: ['--version'], pattern: /^\S.*?\b(\d+\.\d+[\d.]*)\b/m } },
  limitAddressSpace: true,
  compile: submission => ({ argv: [submission.toolchain.binary, '-O2', '-pipe', '-pthread', '-o', ARTIFACT_PATH, ...sourcesEnding(submission, '.c'), '-lm'] }),
  run: () => ({ argv: [ARTIFACT_PATH] }),
  install: { debian: 'apt install gcc libc6-dev', alpine: 'apk add gcc musl-dev', fedora: 'dnf install gcc', macos: 'xcode-select --install' },
} satisfies Language
