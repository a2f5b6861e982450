/** What each peer library is asked to do; each is called as its documentation shows it for throughput. */
export interface PeerAddresses { databaseUrl: string, redisUrl: string }
export interface PeerPayload { to: string, n: number, tpl: string }

export interface Producer {
  addMany(payloads: PeerPayload[]): Promise<void>
  addOne(payload: PeerPayload): Promise<void>
  /** Removes what the last sample left. */
  clear(): Promise<void>
  close(): Promise<void>
}

export interface Told { started(n: number): void, completed(n: number): void }
export interface Consumer {
  /** Stops taking jobs; nothing is running any more when it resolves. */
  stop(): Promise<void>
}

export interface Peer {
  title: string
  /** How many single adds are under way at once. */
  inFlight: number
  /** Makes what it keeps in the database. */
  prepare(addresses: PeerAddresses): Promise<void>
  openProducer(addresses: PeerAddresses): Promise<Producer>
  consume(addresses: PeerAddresses, told: Told): Promise<Consumer>
  /** Jobs that are not completed for good, for a peer whose `completed` comes before that. */
  left?(): Promise<number>
}

export const RESULT = { ok: true }
