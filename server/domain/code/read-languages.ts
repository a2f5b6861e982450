import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Language } from './language.ts'

const FOLDER = join(import.meta.dirname, 'languages')

/**
 * Every language this version knows, read from the folder: a new one is a new file. Only for processes that run from the sources
 * (workers); the web process reads what workers publish. Throws when two languages share a name.
 */
export async function readLanguages(): Promise<Language[]> {
  const files = (await readdir(FOLDER)).filter(name => name.endsWith('.ts')).sort()
  const languages = await Promise.all(files.map(async (file) => {
    const module = await import(pathToFileURL(join(FOLDER, file)).href) as { default: Language }
    return module.default
  }))
  refuseSharedNames(languages)
  return languages
}

function refuseSharedNames(languages: Language[]): void {
  const owners = new Map<string, string>()
  for (const { language, aliases } of languages) {
    for (const name of [language, ...aliases]) {
      const owner = owners.get(name)
      if (owner) throw new Error(`The languages ${owner} and ${language} are both called "${name}".`)
      owners.set(name, language)
    }
  }
}
