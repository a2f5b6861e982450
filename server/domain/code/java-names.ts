/** Comments and texts could hold anything that looks like a class: they are taken out before names are looked for. */
const withoutTexts = (code: string): string => code.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, ' ')

const MODIFIERS = '(?:(?:abstract|final|sealed|strictfp|non-sealed|static)\\s+)*'
const PUBLIC_TYPE = new RegExp(`\\bpublic\\s+${MODIFIERS}(?:class|record|enum|interface)\\s+([\\p{L}_$][\\p{L}\\p{N}_$]*)`, 'u')
const TYPE = /\b(?:class|record|enum|interface)\s+([\p{L}_$][\p{L}\p{N}_$]*)/gu
const MAIN = /\bstatic\s+(?:final\s+)?void\s+main\s*\(/
const PACKAGE = /\bpackage\s+([\p{L}_$][\p{L}\p{N}_$.]*)\s*;/u

/** The Java language wants the file of a public class to bear its name; without one it is Main.java. */
export function findSourceName(code: string): string {
  return `${PUBLIC_TYPE.exec(withoutTexts(code))?.[1] ?? 'Main'}.java`
}

/** The class whose `main` is run: the last one that begins before `static void main`, with its package; else the file's. */
export function findMainClass(code: string): string {
  const bare = withoutTexts(code)
  const main = MAIN.exec(bare)
  const before = main ? [...bare.slice(0, main.index).matchAll(TYPE)].at(-1)?.[1] : undefined
  const name = before ?? PUBLIC_TYPE.exec(bare)?.[1] ?? 'Main'
  const inPackage = PACKAGE.exec(bare)?.[1]
  return inPackage ? `${inPackage}.${name}` : name
}
