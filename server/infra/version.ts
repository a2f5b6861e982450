import manifest from '../../package.json' with { type: 'json' }

export const VERSION: string = manifest.version
/** When this process began. */
export const STARTED_AT = new Date()
