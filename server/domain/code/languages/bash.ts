import type { Language } from '../language.ts'

export default {
  language: 'bash', title: 'Bash', aliases: ['sh', 'shell'], sourceFile: 'main.sh',
  search: { names: ['bash'], needs: 'binary', version: { args: ['--version'], pattern: /version (\d\S*?)(?:\(|\s|$)/ } },
  limitAddressSpace: true,
  check: ({ toolchain, source }) => ({ argv: [toolchain.binary, '-n', `/work/${source}`] }),
  run: ({ toolchain, source }) => ({ argv: [toolchain.binary, `/work/${source}`] }),
  install: { debian: 'apt install bash', alpine: 'apk add bash', fedora: 'dnf install bash', macos: 'brew install bash' },
  warm: { trial: 'echo warm\n' },
} satisfies Language
