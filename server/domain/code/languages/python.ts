import type { Language } from '../language.ts'

/** Unbuffered (`-u`), so that what was printed before a limit ended the program is there, and arrives while it runs. */
export default {
  language: 'python', title: 'Python', aliases: ['python3', 'py'], sourceFile: 'main.py',
  search: {
    names: ['python3', 'python'], folders: ['~/.pyenv/versions/*/bin', '/opt/python*/bin'], needs: 'prefix',
    version: { args: ['--version'], pattern: /^Python (3\.\S+)/m },
  },
  limitAddressSpace: true,
  check: ({ toolchain, source }) => ({ argv: [toolchain.binary, '-I', '-c', 'import sys; compile(open(sys.argv[1], "rb").read(), sys.argv[1], "exec")', `/work/${source}`] }),
  run: ({ toolchain, source }) => ({ argv: [toolchain.binary, '-u', '-B', `/work/${source}`] }),
  install: { debian: 'apt install python3', alpine: 'apk add python3', fedora: 'dnf install python3', macos: 'brew install python' },
  // Of a source in another encoding than UTF-8 Python reads the start again, which a pipe does not allow.
  warm: { trial: 'print("warm")\n', takes: code => !/^(.*\n)?[ \t\f]*#.*coding[:=]/.test(code) },
} satisfies Language
