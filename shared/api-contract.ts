import { z } from 'zod'
import { CODE_OPERATIONS } from './code-operations.ts'
import { JobAction, JobActionBody, JobActionItem, JobActionPreview, ListJobActionItemsQuery, ListJobActionsQuery } from './schemas/action.ts'
import { BulkJobsBody, BulkJobsResult } from './schemas/bulk-jobs.ts'
import { ErrorGroup, ErrorGroupList, ErrorGroupSummary, ErrorQuery, ListErrorsQuery, MuteErrorBody } from './schemas/error-group.ts'
import { Attempt, ListAttemptsQuery, ListLogsQuery, LogLine, LogTextQuery, TimelineEntry } from './schemas/event.ts'
import {
  JobStatusQuery, JobStatusRow, ListDeadLetterQuery, PriorityBody, PriorityResult, PurgeDeadLetterBody, PurgeDeadLetterResult, ReasonQuery,
  RetryDeadLetterBody, RetryDeadLetterResult,
} from './schemas/job-action.ts'
import { CompareQuery, Comparison } from './schemas/job-compare.ts'
import { JobLinks, RetryWithBody, RetryWithResult } from './schemas/job-link.ts'
import {
  BespinJob, BespinJobList, CreatedBespinJob, CreateJobBody, CreateJobResult, Job, JobStats, JobSummary, ListBespinJobsQuery, ListJobsQuery,
} from './schemas/job.ts'
import { Id, NoContent, QueueName, ReasonBody } from './schemas/primitives.ts'
import { ListQueuesQuery, PauseQueueResult, Queue, QueueConfigBody, QueueStats, QueueSummary, ResumeQueueResult } from './schemas/queue.ts'
import { SearchTerms, SearchTermsQuery } from './schemas/job-search.ts'
import { ChangeViewBody, CreateViewBody, SavedView } from './schemas/saved-view.ts'
import { RandomTextBody, RandomTextQuery } from './schemas/random-text.ts'
import { AcceptedReceipt, ListReceiptsQuery, Receipt, ReceiptList, SourceSummary } from './schemas/receipt.ts'
import { Dashboard, Greeting, Health, Readiness, Series, SeriesQuery, TestAnswer, Upcoming, UpcomingQuery } from './schemas/system.ts'
import { Worker, WorkerSummary } from './schemas/worker.ts'

/**
 * Every operation of the server, written once: the key is method and path, the row its input, output and meaning.
 * It feeds request validation, OpenAPI, the typed client of the pages and the tests.
 */
export interface Operation {
  summary: string
  tag: 'Jobs' | 'Code' | 'Errors' | 'Queues' | 'Workers' | 'Webhooks in' | 'System' | 'Realtime'
  /** `public`: anyone; `caller`: a credential or open access; `signature`: proven by the body's signature; `socket`: WebSocket, as caller. */
  auth: 'public' | 'caller' | 'signature' | 'socket'
  params?: z.ZodType
  query?: z.ZodType
  body?: z.ZodType
  /** True when a missing body is fine. */
  bodyOptional?: boolean
  /** Success status to shape of the answer. */
  responses: Record<number, z.ZodType>
  /** Media type of the answer; default JSON. */
  media?: string
  /** Most bytes a body may have; default 1 MiB + 64 KiB. */
  maxBodyBytes?: number
}

const byId = z.object({ id: Id })
const byName = z.object({ name: QueueName })
const MIB = 1024 * 1024

export const API = {
  'GET /api/': { summary: 'Name, version and where to read on', tag: 'System', auth: 'public', responses: { 200: Greeting } },
  'GET /api/test': { summary: 'Answers when the server does', tag: 'System', auth: 'public', responses: { 200: TestAnswer } },
  'GET /api/openapi.json': { summary: 'This document', tag: 'System', auth: 'public', responses: { 200: z.record(z.string(), z.unknown()) } },
  'GET /api/health': { summary: 'Whether each part of the system answers (503 when the database does not)', tag: 'System', auth: 'public', responses: { 200: Health, 503: Health } },
  'GET /health': { summary: 'Same as /api/health', tag: 'System', auth: 'public', responses: { 200: Health, 503: Health } },
  'GET /health/live': { summary: '200 while the process lives', tag: 'System', auth: 'public', responses: { 200: z.object({ live: z.literal(true) }) } },
  'GET /health/ready': { summary: '200 when it can take work, else 503', tag: 'System', auth: 'public', responses: { 200: Readiness, 503: Readiness } },
  'GET /api/v1/dashboard': { summary: 'The organization in numbers', tag: 'System', auth: 'caller', responses: { 200: Dashboard } },
  'GET /api/v1/series': { summary: 'Throughput, failures, waiting and processing times, depth over time, for charts', tag: 'System', auth: 'caller', query: SeriesQuery, responses: { 200: Series } },
  'GET /api/v1/upcoming': { summary: 'What happens by itself next: scheduled jobs, retries, expiries', tag: 'System', auth: 'caller', query: UpcomingQuery, responses: { 200: z.array(Upcoming) } },

  'GET /api/jobs/test': { summary: 'Checks that the job service reaches the database and the belt', tag: 'Jobs', auth: 'public', responses: { 200: TestAnswer } },
  'POST /api/jobs/random-text': { summary: 'Create a random-text job', tag: 'Jobs', auth: 'caller', query: RandomTextQuery, body: RandomTextBody, bodyOptional: true, responses: { 202: CreatedBespinJob } },
  'GET /api/random-text': { summary: 'Create a random-text job (second generation of the path)', tag: 'Jobs', auth: 'caller', query: RandomTextQuery, responses: { 202: CreatedBespinJob } },
  'GET /api/jobs': { summary: 'Jobs, newest first', tag: 'Jobs', auth: 'caller', query: ListBespinJobsQuery, responses: { 200: BespinJobList } },
  'GET /api/jobs/:id': { summary: 'One job', tag: 'Jobs', auth: 'caller', params: byId, responses: { 200: BespinJob } },
  'POST /api/v1/jobs': { summary: 'Create a job (200 with created:false for a repeated idempotency key)', tag: 'Jobs', auth: 'caller', body: CreateJobBody, maxBodyBytes: 9 * MIB, responses: { 201: CreateJobResult, 200: CreateJobResult } },
  'GET /api/v1/jobs': { summary: 'Jobs, newest first, by search and filters (next page: X-Next-Cursor, Link; how it was searched: X-Search, X-Search-Scans)', tag: 'Jobs', auth: 'caller', query: ListJobsQuery, responses: { 200: z.array(JobSummary) } },
  'GET /api/v1/jobs/search-terms': { summary: 'What may be written at a place of a search', tag: 'Jobs', auth: 'caller', query: SearchTermsQuery, responses: { 200: SearchTerms } },
  'GET /api/v1/jobs/stats': { summary: 'Jobs by state', tag: 'Jobs', auth: 'caller', query: z.object({ queue_name: QueueName.optional() }), responses: { 200: JobStats } },
  'POST /api/v1/jobs/bulk': { summary: 'Create up to 10,000 jobs; a bad one fails alone', tag: 'Jobs', auth: 'caller', body: BulkJobsBody, maxBodyBytes: 64 * MIB, responses: { 200: BulkJobsResult } },
  'GET /api/v1/jobs/status': { summary: 'The status of up to 100 jobs', tag: 'Jobs', auth: 'caller', query: JobStatusQuery, responses: { 200: z.array(JobStatusRow) } },
  'GET /api/v1/jobs/dlq': { summary: 'The dead letter: failed jobs, newest first', tag: 'Jobs', auth: 'caller', query: ListDeadLetterQuery, responses: { 200: z.array(JobSummary) } },
  'POST /api/v1/jobs/dlq/retry': { summary: 'Run failed jobs again, oldest first', tag: 'Jobs', auth: 'caller', body: RetryDeadLetterBody, bodyOptional: true, responses: { 200: RetryDeadLetterResult } },
  'POST /api/v1/jobs/dlq/purge': { summary: 'Delete failed jobs for good, oldest first', tag: 'Jobs', auth: 'caller', body: PurgeDeadLetterBody, responses: { 200: PurgeDeadLetterResult } },
  'GET /api/v1/jobs/:id': { summary: 'One job with payload and result', tag: 'Jobs', auth: 'caller', params: byId, responses: { 200: Job } },
  'DELETE /api/v1/jobs/:id': { summary: 'Cancel a job that is not over; a running one is told to stop', tag: 'Jobs', auth: 'caller', params: byId, query: ReasonQuery, body: ReasonBody, bodyOptional: true, responses: { 204: NoContent } },
  'POST /api/v1/jobs/:id/cancel': { summary: 'Cancel a job that is not over; answers the job', tag: 'Jobs', auth: 'caller', params: byId, body: ReasonBody, bodyOptional: true, responses: { 200: Job } },
  'POST /api/v1/jobs/:id/retry': { summary: 'Run a failed, cancelled or expired job again', tag: 'Jobs', auth: 'caller', params: byId, body: ReasonBody, bodyOptional: true, responses: { 200: Job } },
  'POST /api/v1/jobs/:id/run-now': { summary: 'Run a scheduled or retrying job without its wait; keys, limits and pauses hold', tag: 'Jobs', auth: 'caller', params: byId, body: ReasonBody, bodyOptional: true, responses: { 200: Job } },
  'PUT /api/v1/jobs/:id/priority': { summary: 'Change the priority of a waiting job', tag: 'Jobs', auth: 'caller', params: byId, body: PriorityBody, responses: { 200: PriorityResult } },
  'GET /api/v1/jobs/:id/attempts': { summary: 'Its runs, newest first', tag: 'Jobs', auth: 'caller', params: byId, query: ListAttemptsQuery, responses: { 200: z.array(Attempt) } },
  'GET /api/v1/jobs/:id/logs': { summary: 'What its runs logged, oldest first', tag: 'Jobs', auth: 'caller', params: byId, query: ListLogsQuery, responses: { 200: z.array(LogLine) } },
  'GET /api/v1/jobs/:id/logs.txt': { summary: 'The log as a text file, of one run or of all', tag: 'Jobs', auth: 'caller', params: byId, query: LogTextQuery, media: 'text/plain', responses: { 200: z.string().optional() } },
  'GET /api/v1/jobs/:id/compare': { summary: 'Two of its runs side by side, or one with a run of another job or of the last one of its kind that completed', tag: 'Jobs', auth: 'caller', params: byId, query: CompareQuery, responses: { 200: Comparison } },
  'GET /api/v1/jobs/:id/links': { summary: 'The jobs it was made from, and those made from it', tag: 'Jobs', auth: 'caller', params: byId, responses: { 200: JobLinks } },
  'POST /api/v1/jobs/:id/retry-with': { summary: 'Make a new job of one that is over, with another payload', tag: 'Jobs', auth: 'caller', params: byId, body: RetryWithBody, maxBodyBytes: 9 * MIB, responses: { 201: RetryWithResult } },
  'GET /api/v1/jobs/:id/events': { summary: 'Its story, oldest first: what happened, and who did what and why', tag: 'Jobs', auth: 'caller', params: byId, responses: { 200: z.array(TimelineEntry) } },
  ...CODE_OPERATIONS,

  'GET /api/v1/errors': { summary: 'Failures grouped by what they say, over all queues, last seen first', tag: 'Errors', auth: 'caller', query: ListErrorsQuery, responses: { 200: ErrorGroupList } },
  'GET /api/v1/errors/:id': { summary: 'One error group: where, when, its newest jobs and its story', tag: 'Errors', auth: 'caller', params: byId, query: ErrorQuery, responses: { 200: ErrorGroup } },
  'POST /api/v1/errors/:id/mute': { summary: 'Hear no more of an error, for a time or until it is unmuted', tag: 'Errors', auth: 'caller', params: byId, body: MuteErrorBody, responses: { 200: ErrorGroupSummary } },
  'POST /api/v1/errors/:id/unmute': { summary: 'Hear of a muted error again', tag: 'Errors', auth: 'caller', params: byId, body: ReasonBody, bodyOptional: true, responses: { 200: ErrorGroupSummary } },
  'POST /api/v1/errors/:id/resolve': { summary: 'Say that an error is mended; it is regressed when it comes again', tag: 'Errors', auth: 'caller', params: byId, body: ReasonBody, bodyOptional: true, responses: { 200: ErrorGroupSummary } },
  'POST /api/v1/errors/:id/reopen': { summary: 'Say that an error is not mended after all', tag: 'Errors', auth: 'caller', params: byId, body: ReasonBody, bodyOptional: true, responses: { 200: ErrorGroupSummary } },
  'POST /api/v1/errors/:id/retry': { summary: 'Run every job again that an error left in the dead letter: a job action with the filter {error_group, state: ["failed"]}', tag: 'Errors', auth: 'caller', params: byId, body: ReasonBody, bodyOptional: true, responses: { 202: JobAction } },

  'GET /api/v1/views': { summary: 'Searches that are kept, by name', tag: 'Jobs', auth: 'caller', responses: { 200: z.array(SavedView) } },
  'POST /api/v1/views': { summary: 'Keep a search', tag: 'Jobs', auth: 'caller', body: CreateViewBody, responses: { 201: SavedView } },
  'GET /api/v1/views/:id': { summary: 'One of them', tag: 'Jobs', auth: 'caller', params: byId, responses: { 200: SavedView } },
  'PATCH /api/v1/views/:id': { summary: 'Change its name or what it looks for', tag: 'Jobs', auth: 'caller', params: byId, body: ChangeViewBody, responses: { 200: SavedView } },
  'DELETE /api/v1/views/:id': { summary: 'Forget it; the jobs stay', tag: 'Jobs', auth: 'caller', params: byId, responses: { 204: NoContent } },
  'POST /api/v1/job-actions': { summary: 'Retry, cancel, purge, move or prioritise many jobs: all that match, or the named ones (dry_run: only say how many)', tag: 'Jobs', auth: 'caller', body: JobActionBody, responses: { 202: JobAction, 200: JobActionPreview } },
  'GET /api/v1/job-actions': { summary: 'Actions on many jobs, newest first', tag: 'Jobs', auth: 'caller', query: ListJobActionsQuery, responses: { 200: z.array(JobAction) } },
  'GET /api/v1/job-actions/:id': { summary: 'One action and how far it is', tag: 'Jobs', auth: 'caller', params: byId, responses: { 200: JobAction } },
  'GET /api/v1/job-actions/:id/items': { summary: 'What became of each of its jobs, in the order of their ids', tag: 'Jobs', auth: 'caller', params: byId, query: ListJobActionItemsQuery, responses: { 200: z.array(JobActionItem) } },
  'POST /api/v1/job-actions/:id/abort': { summary: 'Stop an action where it is', tag: 'Jobs', auth: 'caller', params: byId, body: ReasonBody, bodyOptional: true, responses: { 200: JobAction } },
  'POST /api/v1/job-actions/:id/undo': { summary: 'Take an action back, within an hour after its end', tag: 'Jobs', auth: 'caller', params: byId, body: ReasonBody, bodyOptional: true, responses: { 202: JobAction } },

  'GET /api/v1/queues': { summary: 'Queues by name, configured or used', tag: 'Queues', auth: 'caller', query: ListQueuesQuery, responses: { 200: z.array(QueueSummary) } },
  'GET /api/v1/queues/:name': { summary: 'One queue and its rules', tag: 'Queues', auth: 'caller', params: byName, responses: { 200: Queue } },
  'GET /api/v1/queues/:name/stats': { summary: 'One queue in numbers', tag: 'Queues', auth: 'caller', params: byName, responses: { 200: QueueStats } },
  'PUT /api/v1/queues/:name/config': { summary: 'Set rules of a queue', tag: 'Queues', auth: 'caller', params: byName, body: QueueConfigBody, responses: { 200: Queue } },
  'POST /api/v1/queues/:name/pause': { summary: 'Start no more jobs of a queue; running ones go on', tag: 'Queues', auth: 'caller', params: byName, body: ReasonBody, bodyOptional: true, responses: { 200: PauseQueueResult } },
  'POST /api/v1/queues/:name/resume': { summary: 'Start jobs of a paused queue again', tag: 'Queues', auth: 'caller', params: byName, body: ReasonBody, bodyOptional: true, responses: { 200: ResumeQueueResult } },
  'DELETE /api/v1/queues/:name': { summary: 'Forget the rules of a queue that has no unfinished jobs', tag: 'Queues', auth: 'caller', params: byName, query: ReasonQuery, responses: { 204: NoContent } },
  'GET /api/v1/workers': { summary: 'Worker processes', tag: 'Workers', auth: 'caller', responses: { 200: z.array(WorkerSummary) } },
  'GET /api/v1/workers/:id': { summary: 'One worker process', tag: 'Workers', auth: 'caller', params: byId, responses: { 200: Worker } },
  'POST /api/v1/workers/:id/drain': { summary: 'Let a worker finish what it has and take no more', tag: 'Workers', auth: 'caller', params: byId, body: ReasonBody, bodyOptional: true, responses: { 200: Worker } },
  'POST /api/v1/workers/:id/resume': { summary: 'Let a worker take jobs again', tag: 'Workers', auth: 'caller', params: byId, body: ReasonBody, bodyOptional: true, responses: { 200: Worker } },
  'DELETE /api/v1/workers/:id': { summary: 'Forget a worker that is lost (409 for one that lives)', tag: 'Workers', auth: 'caller', params: byId, query: ReasonQuery, responses: { 204: NoContent } },

  'POST /api/webhooks/:source': { summary: 'Receive a webhook', tag: 'Webhooks in', auth: 'signature', params: z.object({ source: z.string().min(1).max(100) }), maxBodyBytes: 5 * 1024 * 1024, responses: { 202: AcceptedReceipt, 200: AcceptedReceipt } },
  'GET /api/webhooks': { summary: 'Receipts, newest first', tag: 'Webhooks in', auth: 'caller', query: ListReceiptsQuery, responses: { 200: ReceiptList } },
  'GET /api/webhooks/:id': { summary: 'One receipt, body and headers', tag: 'Webhooks in', auth: 'caller', params: byId, responses: { 200: Receipt } },
  'GET /api/v1/webhook-sources': { summary: 'Where webhooks can come from', tag: 'Webhooks in', auth: 'caller', responses: { 200: z.array(SourceSummary) } },

  'GET /api/ws/jobs': { summary: 'WebSocket: every job change', tag: 'Realtime', auth: 'socket', responses: {} },
  'GET /api/ws': { summary: 'WebSocket: one job, latest status first, and what its code prints', tag: 'Realtime', auth: 'socket', query: z.object({ job_id: Id }), responses: {} },
  'GET /api/v1/live': { summary: 'WebSocket of the dashboard: job changes (of one queue, when it is named), receipts, resync', tag: 'Realtime', auth: 'socket', query: z.object({ queue_name: QueueName.optional() }), responses: {} },
} as const satisfies Record<string, Operation>

export type OperationKey = keyof typeof API
type Row<K extends OperationKey> = (typeof API)[K]
type Field<K extends OperationKey, F extends string> = Row<K> extends Record<F, infer S extends z.ZodType> ? S : never

/** What a caller sends; the pages' client is typed by it. */
export type Input<K extends OperationKey> =
  & (Field<K, 'params'> extends never ? unknown : { params: z.input<Field<K, 'params'>> })
  & (Field<K, 'query'> extends never ? unknown : { query?: z.input<Field<K, 'query'>> })
  & (Field<K, 'body'> extends never ? unknown : { body?: z.input<Field<K, 'body'>> })
/** What a route function gets, parsed. */
export interface Parsed<K extends OperationKey> {
  params: Field<K, 'params'> extends never ? undefined : z.output<Field<K, 'params'>>
  query: Field<K, 'query'> extends never ? undefined : z.output<Field<K, 'query'>>
  body: Field<K, 'body'> extends never ? undefined : z.output<Field<K, 'body'>>
}
/** What comes back on success. */
export type Output<K extends OperationKey> = Row<K>['responses'] extends Record<number, infer S extends z.ZodType> ? z.output<S> : never
