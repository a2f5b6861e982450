import { call, send } from './api.ts'
import { until } from './until.ts'

/** Creates `count` random-text jobs, 16 at a time, and answers the ids of all that were accepted. */
export async function acceptJobs(url: string, { count, length = 100 }: { count: number, length?: number }): Promise<string[]> {
  const ids: string[] = []
  let left = count
  await Promise.all(Array.from({ length: 16 }, async () => {
    while (left-- > 0) {
      const answer = await send<{ id?: string }>(url, `/api/jobs/random-text?length=${length}`, { method: 'POST' }).catch(() => undefined)
      if (answer?.status === 202 && answer.body.id) ids.push(answer.body.id)
    }
  }))
  return ids
}

/** How many of the jobs are not completed yet, asked one by one. */
async function unfinished(url: string, ids: string[]): Promise<string[]> {
  const left: string[] = []
  for (let at = 0; at < ids.length; at += 16) {
    await Promise.all(ids.slice(at, at + 16).map(async (id) => {
      const { status, body } = await call(url, 'GET /api/jobs/:id', { params: { id } })
      if (status !== 200 || body.status !== 'completed') left.push(id)
    }))
  }
  return left
}

/** Waits until every one of these jobs is completed. */
export async function allCompleted(url: string, ids: string[], seconds = 40): Promise<void> {
  let left = ids
  await until(async () => {
    left = await unfinished(url, left)
    return left.length === 0
  }, { seconds, what: `the end of ${ids.length} jobs` })
}
