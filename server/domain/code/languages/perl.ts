import type { Language } from '../language.ts'

export default {
  language: 'perl', title: 'Perl', aliases: ['pl'], sourceFile: 'main.pl',
  search: { names: ['perl'], needs: 'prefix', fixed: true, version: { args: ['-e', 'printf "perl %vd\\n", $^V'], pattern: /^perl (\S+)/m } },
  limitAddressSpace: true,
  check: ({ toolchain, source }) => ({ argv: [toolchain.binary, '-I/work', '-c', `/work/${source}`] }),
  run: ({ toolchain, source }) => ({ argv: [toolchain.binary, '-I/work', `/work/${source}`] }),
  install: { debian: 'apt install perl', alpine: 'apk add perl', fedora: 'dnf install perl', macos: 'brew install perl' },
} satisfies Language
