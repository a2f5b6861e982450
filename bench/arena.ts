/** Where the product and the peers are measured side by side: the product's own PostgreSQL and Redis serve both. */
import pg from 'pg'
import { openPeer } from './contestants/peer-contestant.ts'
import { openProductContestant, type ProductContestant } from './contestants/product-contestant.ts'
import type { Contestant } from './contestants/contestant.ts'
import type { BenchOptions } from './options.ts'
import type { PeerName } from './peers/peer-process.ts'
import { makeDataDirWithCommitTimes, startProduct, type Product } from './product.ts'

const PEER_DATABASE = 'peers'
/** Peers log nothing either. */
export const QUIET = { LOG_LEVEL: 'warn' }

export interface Arena { product: Product, own: ProductContestant, contestants: Contestant[], end(): Promise<void> }
export interface ArenaOptions {
  bench: BenchOptions
  peers: PeerName[]
  belt?: 'redis' | 'postgres'
  /** PostgreSQL keeps the time of each commit. */
  commitTimes?: boolean
  /** Queues the product's single jobs go to in turn. */
  queues?: string[]
}

/** Starts the product without a worker, and one pair of processes for each peer. */
export async function openArena({ bench, peers, belt = bench.belt, commitTimes, queues }: ArenaOptions): Promise<Arena> {
  const settings = { belt, env: QUIET, profile: bench.profile }
  const product = await startProduct({ ...settings, command: 'api', dataDir: commitTimes ? await makeDataDirWithCommitTimes({ belt }) : undefined })
  const title = belt === 'redis' ? 'Bespin' : 'Bespin without Redis'
  const own = openProductContestant(product, { ...settings, key: belt === bench.belt ? 'bespin' : 'bespin-other-belt', title, connections: bench.connections, queues })
  const contestants: Contestant[] = [own]
  const end = async () => {
    for (const contestant of contestants.toReversed()) await contestant.end()
    await product.stop()
  }
  try {
    if (peers.length > 0) contestants.push(...await openPeers(product, peers))
    return { product, own, contestants, end }
  }
  catch (error) {
    await end()
    throw error
  }
}

async function openPeers(product: Product, names: PeerName[]): Promise<Contestant[]> {
  if (!product.redisUrl) throw new Error('The peers need Redis beside PostgreSQL: measure them with --belt=redis, or use --no-peers.')
  const client = new pg.Client({ connectionString: product.databaseUrl })
  await client.connect()
  await client.query(`create database ${PEER_DATABASE}`)
  await client.end()
  const databaseUrl = Object.assign(new URL(product.databaseUrl), { pathname: `/${PEER_DATABASE}` }).href
  // Another database of the same Redis, so that emptying it touches nothing of the product.
  const redisUrl = `${product.redisUrl}/1`
  const peers: Contestant[] = []
  for (const name of names) {
    const server = name === 'bullmq' ? 'redis' : 'postgres'
    peers.push(await openPeer(name, { databaseUrl, redisUrl, services: () => ({ [server]: product.pidOf(server) }) }))
  }
  return peers
}
