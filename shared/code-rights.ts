/** The steps of a code worker's proof that tell of its rights rather than of its sandbox: code is run without them too, and it is said. */
export const CODE_RIGHTS = { database: 'rights on the database', redis: 'rights on Redis' } as const
