/** How long a claim lasts without a heartbeat; a lost worker is found this long after its last one. */
export const LEASE_SECONDS = 8
