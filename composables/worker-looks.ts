import type { WorkerStatus } from '#shared/schemas/worker.ts'

interface WorkerLook { label: string, icon: string, color: 'success' | 'warning' | 'error' | 'neutral', meaning: string }

/** What a worker process is doing, in words. */
export const WORKER_LOOKS: Record<WorkerStatus, WorkerLook> = {
  healthy: { label: 'Running', icon: 'i-lucide-check', color: 'success', meaning: 'takes work' },
  draining: { label: 'Draining', icon: 'i-lucide-clock', color: 'warning', meaning: 'stops: it finishes what it has, or hands it back, and takes nothing new' },
  degraded: { label: 'Refusing', icon: 'i-lucide-triangle-alert', color: 'error', meaning: 'lives but takes no work; the overview says why' },
  offline: { label: 'Silent', icon: 'i-lucide-octagon-x', color: 'error', meaning: 'has not been heard of for eight seconds; its jobs run again elsewhere' },
}
