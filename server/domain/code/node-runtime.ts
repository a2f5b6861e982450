import { shareOfMemory, type ToolSearch } from './language.ts'

/** The heap of V8 as a share of the memory limit; the rest is for buffers, code and stacks. */
const HEAP_SHARE = 0.75
/** V8 keeps three semi-spaces of this size for young objects beside the old heap. */
const YOUNG_SHARE = 1 / 32
const YOUNG_MAX_MB = 16

/** The Node that runs Bespin itself comes first: it is always there, and new enough. */
export const NODE_SEARCH: ToolSearch = {
  names: ['node', 'nodejs'], folders: ['~/.nvm/versions/node/*/bin', '/opt/node*/bin'], first: process.execPath, needs: 'binary',
  // From 22.15 on Node has what TypeScript of several files needs.
  version: { args: ['--version'], pattern: /^v((?:22\.(?:1[5-9]|[2-9]\d)|2[4-9]|[3-9]\d)\.\S+)/m },
}

export const NODE_INSTALL = { debian: 'apt install nodejs', alpine: 'apk add nodejs', fedora: 'dnf install nodejs', macos: 'brew install node' }

/** Flags of every start of Node: the heap fits the limit, and Node says nothing that the program did not. */
export function nodeFlags(memoryBytes: number): string[] {
  const young = Math.min(YOUNG_MAX_MB, Math.max(1, shareOfMemory(memoryBytes, YOUNG_SHARE)))
  return [
    `--max-old-space-size=${shareOfMemory(memoryBytes, HEAP_SHARE)}`, `--max-semi-space-size=${young}`,
    '--disable-warning=ExperimentalWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
  ]
}
