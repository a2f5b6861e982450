import type { Parts } from '../process-table.ts'

/** What every job of a benchmark carries. */
export const PAYLOAD = { to: 'user@example.com', n: 12345, tpl: 'welcome' }
export const BATCH = 1000

/** How jobs are made. */
export type Order =
  /** `jobs` in calls of 1000, four calls at once. */
  | { how: 'bulk', jobs: number }
  /** One job a call, without a pause, for so long. */
  | { how: 'single', seconds: number }
  /** One job a call, at this rate whatever the answers take. */
  | { how: 'paced', perSecond: number, jobs: number }

/** Times are wall-clock milliseconds. */
export interface Added {
  accepted: number
  /** Calls that were not answered as they should be. */
  failed: number
  /** First call, last answer. */
  from: number
  to: number
  /** From a call (paced: from its planned time) to its answer, ms. */
  answerMs: { p50: number, p99: number }
}

export interface Completed {
  /** When the first job was started, and when the last one was completed for good. */
  firstStartAt: number
  at: number
  /** What is wrong: accepted jobs that are missing or not completed. */
  broken: string[]
}

/** Milliseconds from the planned time of each paced job, in no order: until it was started, until it was completed for good. */
export interface JobTimes { started: number[], completed: number[] }

/** The product or a peer, in the same clothes. Worker and accepting side are processes of their own. */
export interface Contestant {
  key: string
  title: string
  /** The process at the top of each part, as it is now. */
  parts(): Parts
  /** Resolves when the worker takes jobs. */
  startWorker(): Promise<void>
  /** Lets the worker's process live but take nothing, where it would disturb other samples while idle. */
  restWorker(): Promise<void>
  /** Ends the worker's process; the next one begins cold. */
  stopWorker(): Promise<void>
  add(order: Order): Promise<Added>
  /** Waits until everything `added` is completed; throws when it is not within two minutes. */
  untilCompleted(added: Added): Promise<Completed>
  /** What is wrong with the jobs of the last order before any was run: acknowledged, and not there. */
  lost(): Promise<string[]>
  /** Of the jobs of the last paced order, after `untilCompleted`. */
  jobTimes(since: 'planned' | 'sent'): Promise<JobTimes>
  /** Removes the jobs of the last sample and lets the database write what it has in memory. */
  clear(): Promise<void>
  end(): Promise<void>
}

export const COMPLETE_WITHIN_MS = 120_000
