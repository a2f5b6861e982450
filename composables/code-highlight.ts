import type { Extension } from '@codemirror/state'
import { StreamLanguage } from '@codemirror/language'

/** How the words of each language are told apart in the editor; each loaded when first shown. */
const GRAMMARS: Record<string, () => Promise<Extension>> = {
  python: async () => (await import('@codemirror/lang-python')).python(),
  javascript: async () => (await import('@codemirror/lang-javascript')).javascript(),
  typescript: async () => (await import('@codemirror/lang-javascript')).javascript({ typescript: true }),
  go: async () => (await import('@codemirror/lang-go')).go(),
  c: async () => (await import('@codemirror/lang-cpp')).cpp(),
  cpp: async () => (await import('@codemirror/lang-cpp')).cpp(),
  rust: async () => (await import('@codemirror/lang-rust')).rust(),
  java: async () => (await import('@codemirror/lang-java')).java(),
  php: async () => (await import('@codemirror/lang-php')).php(),
  bash: async () => StreamLanguage.define((await import('@codemirror/legacy-modes/mode/shell')).shell),
  ruby: async () => StreamLanguage.define((await import('@codemirror/legacy-modes/mode/ruby')).ruby),
  lua: async () => StreamLanguage.define((await import('@codemirror/legacy-modes/mode/lua')).lua),
  perl: async () => StreamLanguage.define((await import('@codemirror/legacy-modes/mode/perl')).perl),
}

/** The grammar of a language; plain text for one we have none for, or whose grammar does not load. */
export async function grammarOf(language: string): Promise<Extension> {
  try {
    return Object.hasOwn(GRAMMARS, language) ? await GRAMMARS[language]!() : []
  }
  catch {
    return [] // the server went away meanwhile: uncoloured text is still text
  }
}

/** Two spaces or four or a tab, as the language's people do. */
export const indentOf = (language: string): string =>
  language === 'go' ? '\t' : ['python', 'c', 'cpp', 'rust', 'java', 'php', 'perl'].includes(language) ? '    ' : '  '
