import type { Language } from '../language.ts'

export default {
  language: 'ruby', title: 'Ruby', aliases: ['rb'], sourceFile: 'main.rb',
  search: {
    names: ['ruby'], folders: ['~/.rbenv/versions/*/bin', '~/.rubies/*/bin', '/opt/rubies/*/bin'], needs: 'prefix', fixed: true,
    version: { args: ['--version'], pattern: /^ruby (\S+)/m },
  },
  limitAddressSpace: true,
  check: ({ toolchain, source }) => ({ argv: [toolchain.binary, '-c', `/work/${source}`] }),
  run: ({ toolchain, source }) => ({ argv: [toolchain.binary, '-I/work', `/work/${source}`] }),
  install: { debian: 'apt install ruby', alpine: 'apk add ruby', fedora: 'dnf install ruby', macos: 'brew install ruby' },
} satisfies Language
