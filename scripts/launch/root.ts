import { fileURLToPath } from 'node:url'

/** The folder of the package, wherever the launcher is called from. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
