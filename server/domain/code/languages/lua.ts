import type { Language } from '../language.ts'

/** What `luac -p` does, without needing it. */
const CHECK = 'local ok, problem = loadfile(arg[1]); if not ok then io.stderr:write(problem, "\\n") os.exit(1) end'

export default {
  language: 'lua', title: 'Lua', aliases: [], sourceFile: 'main.lua',
  search: { names: ['lua', 'lua5.4', 'lua5.3', 'luajit'], needs: 'binary', version: { args: ['-v'], pattern: /^Lua(?:JIT)? (\S+)/m } },
  limitAddressSpace: true,
  check: ({ toolchain, source }) => ({ argv: [toolchain.binary, '/work/.check.lua', `/work/${source}`], files: [{ path: '.check.lua', content: Buffer.from(CHECK) }] }),
  run: ({ toolchain, source }) => ({ argv: [toolchain.binary, `/work/${source}`] }),
  install: { debian: 'apt install lua5.4', alpine: 'apk add lua5.4', fedora: 'dnf install lua', macos: 'brew install lua' },
} satisfies Language
