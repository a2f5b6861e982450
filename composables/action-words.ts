import type { JobActionName, SkipReason } from '#shared/job-actions.ts'
import type { JobAction, JobActionFilter } from '#shared/schemas/action.ts'
import { exactCount } from './formats.ts'

export const jobsText = (count: number): string => `${exactCount(count)} ${count === 1 ? 'job' : 'jobs'}`

interface Words {
  /** On a button: "Cancel". */
  verb: string
  icon: string
  isDestructive: boolean
  /** "Cancel 3 jobs". */
  title: (jobs: string, target: string) => string
  /** "Cancelled 3 jobs". */
  did: (jobs: string, target: string) => string
  /** What it means for the jobs. */
  meaning: string
}

/** How the pages speak of each action. `target`: the priority, or the queue moved to. */
export const ACTION_WORDS: Record<JobAction['action'], Words> = {
  retry: {
    verb: 'Retry', icon: 'i-lucide-rotate-ccw', isDestructive: false, title: jobs => `Retry ${jobs}`, did: jobs => `Sent ${jobs} to run again`,
    meaning: 'They get all their attempts once more; what happened until now stays on their timelines.',
  },
  cancel: {
    verb: 'Cancel', icon: 'i-lucide-ban', isDestructive: true, title: jobs => `Cancel ${jobs}`, did: jobs => `Cancelled ${jobs}`,
    meaning: 'Waiting ones do not begin; running ones are told to stop.',
  },
  priority: {
    verb: 'Priority', icon: 'i-lucide-arrow-up-down', isDestructive: false, title: (jobs, target) => `Set priority${target && ` ${target}`} for ${jobs}`,
    did: (jobs, target) => `Set priority ${target} for ${jobs}`, meaning: 'Jobs of a higher priority start first; most have 0.',
  },
  move: {
    verb: 'Move', icon: 'i-lucide-rows-3', isDestructive: false, title: (jobs, target) => `Move ${jobs}${target && ` to ${target}`}`, did: (jobs, target) => `Moved ${jobs} to ${target}`,
    meaning: 'They wait for their turn in the other queue, under its limits.',
  },
  purge: {
    verb: 'Purge', icon: 'i-lucide-trash-2', isDestructive: true, title: jobs => `Delete ${jobs} for good`, did: jobs => `Deleted ${jobs} for good`,
    meaning: 'With payload, runs and log. This cannot be undone.',
  },
  undo: { verb: 'Undo', icon: 'i-lucide-rotate-ccw', isDestructive: false, title: jobs => `Take back what was done to ${jobs}`, did: jobs => `Took back what was done to ${jobs}`, meaning: '' },
}

const targetOf = (action: Pick<JobAction, 'priority' | 'queue_name'>) => action.queue_name ?? (action.priority === null ? '' : String(action.priority))
/** "Cancel 12 jobs". */
export const actionTitle = (action: JobAction): string => ACTION_WORDS[action.action].title(jobsText(action.matched), targetOf(action))

const SKIPPED: Record<SkipReason, string> = {
  changed: 'changed meanwhile', gone: 'not there any more', asked: 'told to stop before', same: 'were so already', begun: 'had begun meanwhile',
}
export const skipWords = (reason: string): string => SKIPPED[reason as SkipReason] ?? reason

/** How it went, in a sentence: "Cancelled 11,993 jobs. 7 left as they are: 7 changed meanwhile." */
export function actionResult(action: JobAction): string {
  const left = action.matched - action.done - action.skipped - action.failed
  const reasons = Object.entries(action.skipped_by).map(([reason, count]) => `${exactCount(count)} ${skipWords(reason)}`).join(', ')
  return [
    `${ACTION_WORDS[action.action].did(jobsText(action.done), targetOf(action))}.`,
    action.skipped > 0 ? `${exactCount(action.skipped)} left as they are: ${reasons}.` : '',
    action.failed > 0 ? `${exactCount(action.failed)} did not work: ${action.last_error ?? 'the log tells more'}.` : '',
    action.state === 'aborted' && left > 0 ? `Aborted before the turn of ${jobsText(left)}.` : '',
  ].filter(Boolean).join(' ')
}

/** The jobs of a filter, in words. */
export function filterWords(filter: JobActionFilter | null): string {
  if (filter === null) return 'jobs chosen by hand'
  const parts = [filter.state?.join(' or '), filter.queue_name && `in the queue ${filter.queue_name}`, filter.job_type && `of the type ${filter.job_type}`, filter.q && `matching ${filter.q}`, filter.error_group && 'that failed with one error']
  return parts.filter(Boolean).join(', ') || 'all jobs'
}

/** Where the list shows what a filter matches now. */
export const filterLink = ({ state, ...rest }: JobActionFilter) => ({ path: '/jobs', query: { ...rest, state: state?.join(',') } })

export interface ActionLook { label: string, icon: string, color: 'neutral' | 'primary' | 'success' | 'warning' }
export const ACTION_LOOKS: Record<JobAction['state'], ActionLook> = {
  gathering: { label: 'Gathering', icon: 'i-lucide-loader-circle', color: 'primary' },
  running: { label: 'Running', icon: 'i-lucide-loader-circle', color: 'primary' },
  completed: { label: 'Completed', icon: 'i-lucide-check', color: 'success' },
  aborted: { label: 'Aborted', icon: 'i-lucide-ban', color: 'warning' },
}
export const isActive = (action: Pick<JobAction, 'state'>): boolean => action.state === 'gathering' || action.state === 'running'
/** Which jobs an action is asked for: named ones, or all of a filter. */
export type ActionScope = { ids: string[] } | { filter: JobActionFilter }
export type { JobActionName }
