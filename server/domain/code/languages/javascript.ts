import { NODE_INSTALL, NODE_SEARCH, nodeFlags } from '../node-runtime.ts'
import type { Language } from '../language.ts'

/** CommonJS or modules: Node tells by the source which of the two it is. */
export default {
  language: 'javascript', title: 'JavaScript (Node)', aliases: ['js', 'node', 'nodejs'], sourceFile: 'main.js',
  search: NODE_SEARCH,
  limitAddressSpace: false,
  check: ({ toolchain, source }) => ({ argv: [toolchain.binary, '--check', `/work/${source}`] }),
  run: ({ toolchain, source, memoryBytes }) => ({ argv: [toolchain.binary, ...nodeFlags(memoryBytes), `/work/${source}`] }),
  install: NODE_INSTALL,
  warm: { trial: 'console.log("warm")\n' },
} satisfies Language
