import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import { collectFigures, median, percentile } from './figures.ts'
import type { Measurement } from './measurement.ts'
import { startProduct } from './product.ts'

const JOBS_PER_ROUND = 100
/** Between two jobs, so that each finds an idle system. */
const PAUSE_MS = 20
const GIVE_UP_MS = 10_000

/** One job at a time: from sending the POST to reading `completed` from a WebSocket. */
export const measureLatency: Measurement = {
  letter: 'c', name: 'latency', title: 'Idle: from sending the POST to "completed" on a WebSocket',
  async run(options) {
    const product = await startProduct(options)
    const figures = collectFigures()
    try {
      await viaAllJobs(product.url, JOBS_PER_ROUND)
      for (let round = 0; round < options.rounds; round++) {
        for (const [path, take] of [['/api/ws/jobs', viaAllJobs], ['/api/ws?job_id=', viaOneJob]] as const) {
          const times = await take(product.url, JOBS_PER_ROUND)
          figures.add(`${path}, median`, median(times), { unit: 'ms', atMost: 30 })
          figures.add(`${path}, p99`, percentile(times, 0.99), { unit: 'ms' })
        }
      }
    }
    finally {
      await product.stop()
    }
    return { figures: figures.all(), notes: [`${JOBS_PER_ROUND} jobs a round; /api/ws?job_id= includes opening the socket`], broken: [] }
  },
}

async function createJob(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/jobs/random-text?length=100`, { method: 'POST' })
  if (answer.status !== 202) throw new Error(`POST /api/jobs/random-text answered ${answer.status}: ${await answer.text()}`)
  return ((await answer.json()) as { id: string }).id
}

/** One socket that hears of every job; a frame may come before the POST is answered. */
async function viaAllJobs(url: string, count: number): Promise<number[]> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/ws/jobs`)
  await once(socket, 'open')
  const seen = new Map<string, number>()
  let onSeen = () => {}
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as { id: string, status: string }
    if (frame.status !== 'completed') return
    seen.set(frame.id, performance.now())
    onSeen()
  })
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const sentAt = performance.now()
    const id = await createJob(url)
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`no "completed" for job ${id} on /api/ws/jobs within ${GIVE_UP_MS / 1000} s`)), GIVE_UP_MS)
      onSeen = () => { if (seen.has(id)) { clearTimeout(limit); resolve() } }
      onSeen()
    })
    times.push(seen.get(id)! - sentAt)
    await sleep(PAUSE_MS)
  }
  socket.close()
  return times
}

/** A socket for each job, opened when its id is known. */
async function viaOneJob(url: string, count: number): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const sentAt = performance.now()
    const id = await createJob(url)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/ws?job_id=${id}`)
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`no "completed" for job ${id} on its socket within ${GIVE_UP_MS / 1000} s`)), GIVE_UP_MS)
      socket.on('error', reject)
      socket.on('message', (data) => {
        if ((JSON.parse(String(data)) as { status: string }).status !== 'completed') return
        clearTimeout(limit)
        resolve()
      })
    })
    times.push(performance.now() - sentAt)
    socket.close()
    await sleep(PAUSE_MS)
  }
  return times
}
