import { describe, expect, it } from 'vitest'
import type { Worker, WorkerSummary } from '#shared/schemas/worker.ts'
import { call } from '../../support/shared-product.ts'
import { until } from '../../support/until.ts'

const workers = async () => (await call('GET /api/v1/workers')).body as unknown as WorkerSummary[]

describe('the workers', () => {
  it('tell who they are, what they run and that they live', async () => {
    const all = await workers()
    const [worker, ...others] = all.filter(one => !one.queue_names.includes('code-execution'))
    expect(others).toEqual([])
    expect(worker).toMatchObject({ status: 'healthy', queue_names: expect.arrayContaining(['random-text']), hostname: expect.any(String), version: expect.any(String) })
    expect(worker!.queue_name).toBe(worker!.queue_names[0])
    expect(worker!.max_concurrency).toBeGreaterThan(0)
  })

  it('are shown one by one, with the jobs that run on them', async () => {
    const worker = (await workers()).find(one => one.queue_names.includes('drill'))
    const { body: { id } } = await call('POST /api/v1/jobs', { body: { job_type: 'drill', payload: { sleep_ms: 600_000 } } })
    const one = async () => (await call('GET /api/v1/workers/:id', { params: { id: worker!.id } })).body as unknown as Worker
    const busy = await until(async () => {
      const seen = await one()
      return seen.running_jobs.includes(id as string) && seen
    }, { what: 'the worker telling that it runs the job' })
    expect(busy).toMatchObject({ id: worker!.id, organization_id: null, pid: expect.any(Number), handler_ms: expect.any(Object) })
    expect(busy.current_jobs).toBeGreaterThan(0)
    await call('DELETE /api/v1/jobs/:id', { params: { id: id as string } })
    await until(async () => !(await one()).running_jobs.includes(id as string), { what: 'the worker letting go of the job' })
  })

  it('that run code are processes of their own, and tell what they proved', async () => {
    const coders = (await workers()).filter(one => one.queue_names.includes('code-execution'))
    expect(coders).toEqual([expect.objectContaining({ queue_names: ['code-execution'], max_concurrency: expect.any(Number) })])
    const one = await until(async () => {
      const seen = (await call('GET /api/v1/workers/:id', { params: { id: coders[0]!.id } })).body as unknown as Worker
      return seen.runner && seen
    }, { seconds: 60, what: 'the proof' })
    // Where no sandbox holds it says why, and what to do.
    if (one.runner!.ok) expect(one).toMatchObject({ status: 'healthy', runner: { driver: expect.any(String), reason: null } })
    else expect(one).toMatchObject({ status: 'degraded', runner: { reason: expect.any(String), remedy: expect.any(String) } })
    expect(one.runner!.proof.length).toBeGreaterThan(1)
  })

  it('are 404 when unknown and 400 when that is no id', async () => {
    expect((await call('GET /api/v1/workers/:id', { params: { id: crypto.randomUUID() } })).status).toBe(404)
    expect((await call('GET /api/v1/workers/:id', { params: { id: 'x' } })).status).toBe(400)
  })
})
