import { NODE_INSTALL, NODE_SEARCH, nodeFlags } from '../node-runtime.ts'
import { isTypeScript, RESOLVE_TYPESCRIPT, scriptName, TRANSFORM_TYPESCRIPT, unpackScripts } from '../typescript-steps.ts'
import type { Language } from '../language.ts'

/** Node's own transform takes the types out (and turns enums, namespaces and parameter properties into code); types are not checked. */
export default {
  language: 'typescript', title: 'TypeScript (Node)', aliases: ['ts'], sourceFile: 'main.ts',
  search: NODE_SEARCH,
  limitAddressSpace: false,
  compile: ({ toolchain, source, files, memoryBytes }) => ({
    argv: [toolchain.binary, ...nodeFlags(memoryBytes), '-e', TRANSFORM_TYPESCRIPT, '--', source, ...files.map(file => file.name).filter(isTypeScript)],
  }),
  unpack: unpackScripts,
  run: ({ toolchain, source, files, memoryBytes }) => ({
    argv: [
      toolchain.binary, ...nodeFlags(memoryBytes), '--enable-source-maps',
      // Only who brings several files needs their names resolved, and pays for it.
      ...(files.some(file => isTypeScript(file.name)) ? ['--import', `data:text/javascript,${encodeURIComponent(RESOLVE_TYPESCRIPT)}`] : []),
      `/work/${scriptName(source)}`,
    ],
  }),
  install: NODE_INSTALL,
} satisfies Language
