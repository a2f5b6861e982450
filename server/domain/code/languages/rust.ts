import { ARTIFACT_PATH, type Language } from '../language.ts'

/** One crate without dependencies; modules in further files are found by the compiler as usual. */
export default {
  language: 'rust', title: 'Rust', aliases: ['rs'], sourceFile: 'main.rs',
  search: {
    names: ['rustc'], folders: ['~/.rustup/toolchains/*/bin', '/usr/local/rustup/toolchains/*/bin'], needs: 'prefix',
    version: { args: ['--version'], pattern: /^rustc (\S+)/m },
  },
  limitAddressSpace: true,
  compile: ({ toolchain, source }) => ({ argv: [toolchain.binary, '--edition=2021', '-O', '--crate-name=main', '--color=never', '-o', ARTIFACT_PATH, `./${source}`] }),
  run: () => ({ argv: [ARTIFACT_PATH] }),
  install: { debian: 'apt install rustc', alpine: 'apk add rust', fedora: 'dnf install rust', macos: 'brew install rust' },
} satisfies Language
