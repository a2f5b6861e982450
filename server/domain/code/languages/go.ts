import { exportGoArchives } from '#server/infra/toolchains/go-archives.ts'
import { goBuildSteps, goFolders } from '../go-steps.ts'
import { ARTIFACT_PATH, PREPARED_PATH, type Language } from '../language.ts'

/** Garbage is collected earlier as the heap nears this share of the memory limit. */
const MEMORY_SHARE = 0.9

/** Compiled and linked without the go command: twice as fast, and no build cache is writable to a job. No cgo, no network. */
export default {
  language: 'go', title: 'Go', aliases: ['golang'], sourceFile: 'main.go',
  search: {
    names: ['go'], folders: goFolders, needs: 'prefix',
    version: { args: ['version'], pattern: /go version go(\S+)/ },
  },
  limitAddressSpace: false,
  prepare: options => exportGoArchives({ ...options, seenAt: PREPARED_PATH }),
  wantsMore: complaint => complaint.includes('could not import'),
  compile: goBuildSteps,
  run: ({ memoryBytes }) => ({ argv: [ARTIFACT_PATH], env: { GOMEMLIMIT: String(Math.floor(memoryBytes * MEMORY_SHARE)) } }),
  install: { debian: 'apt install golang-go', alpine: 'apk add go', fedora: 'dnf install golang', macos: 'brew install go' },
} satisfies Language
