import { CODE_BOUNDS } from '#shared/code-limits.ts'
import type { CodeFile } from '#shared/schemas/code.ts'
import type { ErrorDetail } from '#shared/schemas/error.ts'

/** Bytes of a file's content, or undefined when its text is not what `encoding` says. */
export function decodedBytes({ content, encoding }: CodeFile): number | undefined {
  if (encoding === 'utf8') return Buffer.byteLength(content)
  if (encoding === 'hex') return content.length % 2 === 0 && !/[^0-9a-f]/i.test(content) ? content.length / 2 : undefined
  const bytes = Buffer.from(content, 'base64')
  const unpadded = content.replace(/={1,2}$/, '')
  const isWhole = content === unpadded || content.length % 4 === 0
  return isWhole && bytes.toString('base64').replace(/={1,2}$/, '') === unpadded ? bytes.length : undefined
}

const WHAT_IS_RIGHT = {
  base64: 'is not base64: letters, digits, "+" and "/" (RFC 4648 section 4), without line breaks',
  hex: 'is not hexadecimal: two digits for each byte',
  utf8: '',
}

/** What is wrong with the files beside a source: contents that are not what they say, names that are taken. */
export function judgeFiles(files: CodeFile[], sourceFile: string | undefined): ErrorDetail[] {
  return [...files.flatMap(judgeContent), ...judgeNames(files, sourceFile)]
}

function judgeContent(file: CodeFile, index: number): ErrorDetail[] {
  const bytes = decodedBytes(file)
  const refuse = (message: string, code: string) => [{ field: `files.${index}.content`, message, code }]
  if (bytes === undefined) return refuse(WHAT_IS_RIGHT[file.encoding], 'invalid_encoding')
  return bytes > CODE_BOUNDS.textBytes ? refuse(`must have at most ${CODE_BOUNDS.textBytes} bytes`, 'too_big') : []
}

/** Files are written in one folder: no two may have one path, and none may be where another needs a folder. */
function judgeNames(files: CodeFile[], sourceFile: string | undefined): ErrorDetail[] {
  const owner = new Map<string, string>(sourceFile === undefined ? [] : [[sourceFile, `the source file, ${sourceFile}`]])
  const details: ErrorDetail[] = []
  for (const [index, { name }] of files.entries()) {
    if (owner.has(name)) details.push({ field: `files.${index}.name`, message: `"${name}" is the name of ${owner.get(name)} already`, code: 'duplicate' })
    else owner.set(name, `files.${index}`)
  }
  for (const [index, { name }] of files.entries()) {
    const taken = foldersOf(name).find(folder => owner.has(folder))
    if (taken !== undefined) details.push({ field: `files.${index}.name`, message: `needs a folder "${taken}", which is the name of ${owner.get(taken)}`, code: 'duplicate' })
  }
  return details
}

const foldersOf = (name: string): string[] => name.split('/').slice(0, -1).map((_, index, parts) => parts.slice(0, index + 1).join('/'))
