import { shareOfMemory, type Language } from '../language.ts'

const MEMORY_SHARE = 0.9
const SETTINGS = ['-d', 'display_errors=stderr', '-d', 'log_errors=0', '-d', 'html_errors=0']

export default {
  language: 'php', title: 'PHP', aliases: [], sourceFile: 'main.php',
  search: {
    names: ['php', 'php8.4', 'php8.3', 'php8.2', 'php8.1', 'php84', 'php83', 'php82'], needs: 'prefix', fixed: true,
    // Which extensions are loaded stands there.
    settings: ['/etc/php', '/etc/php8*'],
    version: { args: ['--version'], pattern: /^PHP (\d+\.\d+\.\d+)/m },
  },
  limitAddressSpace: true,
  check: ({ toolchain, source }) => ({ argv: [toolchain.binary, ...SETTINGS, '-l', `/work/${source}`] }),
  run: ({ toolchain, source, memoryBytes }) => ({ argv: [toolchain.binary, ...SETTINGS, '-d', `memory_limit=${shareOfMemory(memoryBytes, MEMORY_SHARE)}M`, `/work/${source}`] }),
  install: { debian: 'apt install php-cli', alpine: 'apk add php84', fedora: 'dnf install php-cli', macos: 'brew install php' },
} satisfies Language
