import { ARTIFACT_PATH, sourcesEnding, type Language } from '../language.ts'

export default {
  language: 'cpp', title: 'C++', aliases: ['c++', 'cxx', 'cc'], sourceFile: 'main.cpp',
  search: { names: ['g++', 'c++', 'clang++'], needs: 'binary', version: { args: ['--version'], pattern: /^\S.*?\b(\d+\.\d+[\d.]*)\b/m } },
  limitAddressSpace: true,
  compile: submission => ({
    argv: [submission.toolchain.binary, '-std=c++20', '-O2', '-pipe', '-pthread', '-o', ARTIFACT_PATH, ...sourcesEnding(submission, '.cpp', '.cc', '.cxx')],
  }),
  run: () => ({ argv: [ARTIFACT_PATH] }),
  install: { debian: 'apt install g++', alpine: 'apk add g++', fedora: 'dnf install gcc-c++', macos: 'xcode-select --install' },
} satisfies Language
