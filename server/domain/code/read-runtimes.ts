import { readCourt } from '#server/domain/code/read-court.ts'
import { VERSION } from '#server/infra/version.ts'
import { CODE_LIMIT_NAMES, CODE_LIMITS } from '#shared/code-limits.ts'
import type { PublicStatus, Runtimes } from '#shared/schemas/execution.ts'
import type { z } from 'zod'

/** What can be run here, within which limits, and how it is walled in. */
export async function readRuntimes(organizationId: string): Promise<Runtimes> {
  const { runners, caps } = await readCourt(organizationId)
  const [first] = runners.proven
  const limits = CODE_LIMIT_NAMES.map(name => [name, {
    ...CODE_LIMITS[name], max: caps[name].value, default: Math.min(CODE_LIMITS[name].default, caps[name].value), enforced_by: first?.enforcement[name] ?? null,
  }])
  return {
    available: runners.trouble === null, reason: runners.trouble?.reason ?? null, remedy: runners.trouble?.remedy ?? null,
    runtimes: runners.runtimes, missing: runners.missing, limits: Object.fromEntries(limits) as Runtimes['limits'],
    isolation: first?.driver ? { driver: first.driver, cgroups: first.cgroups, proven_at: first.proven_at } : null, workers: runners.proven.length,
  }
}

/** Ignis' status answer. */
export async function readPublicStatus(organizationId: string): Promise<z.infer<typeof PublicStatus>> {
  const { runners: { trouble, runtimes } } = await readCourt(organizationId)
  return {
    status: trouble ? 'unavailable' : 'operational', version: VERSION, service: 'bespin',
    description: 'Runs code in sandboxes: submit it, read its result.', message: trouble ? `${trouble.reason} What to do: ${trouble.remedy}` : 'Code can be run.',
    endpoints: {
      execute: 'POST /api/v1/public/execute', job: 'GET /api/v1/public/jobs/:job_id', stream: 'GET /api/v1/public/jobs/:job_id/stream',
      jobs: 'GET /api/v1/public/jobs', runtimes: 'GET /api/v1/public/runtimes', status: 'GET /api/v1/public/status', health: 'GET /api/v1/public/health',
    },
    supported_languages: runtimes.map(runtime => runtime.language),
  }
}
