import { z } from 'zod'
import {
  BespinJob, BespinJobList, CreatedBespinJob, CreateJobBody, CreateJobResult, Job, JobStats, JobSummary, ListBespinJobsQuery, ListJobsQuery,
} from './schemas/job.ts'
import { Id, QueueName } from './schemas/primitives.ts'
import { RandomTextBody, RandomTextQuery } from './schemas/random-text.ts'
import { AcceptedReceipt, ListReceiptsQuery, Receipt, ReceiptList, SourceSummary } from './schemas/receipt.ts'
import { Dashboard, Greeting, Health, Readiness, Series, SeriesQuery, TestAnswer } from './schemas/system.ts'

/**
 * Every operation of the server, written once: the key is method and path, the row its input, output and meaning.
 * It feeds request validation, OpenAPI, the typed client of the pages and the tests.
 */
export interface Operation {
  summary: string
  tag: 'Jobs' | 'Webhooks in' | 'System' | 'Realtime'
  /** `public`: anyone; `caller`: a credential or open access; `signature`: proven by the body's signature; `socket`: WebSocket, as caller. */
  auth: 'public' | 'caller' | 'signature' | 'socket'
  params?: z.ZodType
  query?: z.ZodType
  body?: z.ZodType
  /** True when a missing body is fine. */
  bodyOptional?: boolean
  /** Success status to shape of the answer. */
  responses: Record<number, z.ZodType>
  /** Most bytes a body may have; default 1 MiB + 64 KiB. */
  maxBodyBytes?: number
}

const byId = z.object({ id: Id })

export const API = {
  'GET /api/': { summary: 'Name, version and where to read on', tag: 'System', auth: 'public', responses: { 200: Greeting } },
  'GET /api/test': { summary: 'Answers when the server does', tag: 'System', auth: 'public', responses: { 200: TestAnswer } },
  'GET /api/openapi.json': { summary: 'This document', tag: 'System', auth: 'public', responses: { 200: z.record(z.string(), z.unknown()) } },
  'GET /api/health': { summary: 'Whether each part of the system answers (503 when the database does not)', tag: 'System', auth: 'public', responses: { 200: Health, 503: Health } },
  'GET /health': { summary: 'Same as /api/health', tag: 'System', auth: 'public', responses: { 200: Health, 503: Health } },
  'GET /health/live': { summary: '200 while the process lives', tag: 'System', auth: 'public', responses: { 200: z.object({ live: z.literal(true) }) } },
  'GET /health/ready': { summary: '200 when it can take work, else 503', tag: 'System', auth: 'public', responses: { 200: Readiness, 503: Readiness } },
  'GET /api/v1/dashboard': { summary: 'The organization in numbers', tag: 'System', auth: 'caller', responses: { 200: Dashboard } },
  'GET /api/v1/series': { summary: 'Jobs over time, for charts', tag: 'System', auth: 'caller', query: SeriesQuery, responses: { 200: Series } },

  'GET /api/jobs/test': { summary: 'Checks that the job service reaches the database and the belt', tag: 'Jobs', auth: 'public', responses: { 200: TestAnswer } },
  'POST /api/jobs/random-text': { summary: 'Create a random-text job', tag: 'Jobs', auth: 'caller', query: RandomTextQuery, body: RandomTextBody, bodyOptional: true, responses: { 202: CreatedBespinJob } },
  'GET /api/random-text': { summary: 'Create a random-text job (second generation of the path)', tag: 'Jobs', auth: 'caller', query: RandomTextQuery, responses: { 202: CreatedBespinJob } },
  'GET /api/jobs': { summary: 'Jobs, newest first', tag: 'Jobs', auth: 'caller', query: ListBespinJobsQuery, responses: { 200: BespinJobList } },
  'GET /api/jobs/:id': { summary: 'One job', tag: 'Jobs', auth: 'caller', params: byId, responses: { 200: BespinJob } },
  'POST /api/v1/jobs': { summary: 'Create a job (200 with created:false for a repeated idempotency key)', tag: 'Jobs', auth: 'caller', body: CreateJobBody, responses: { 201: CreateJobResult, 200: CreateJobResult } },
  'GET /api/v1/jobs': { summary: 'Jobs, newest first (next page: X-Next-Cursor, Link)', tag: 'Jobs', auth: 'caller', query: ListJobsQuery, responses: { 200: z.array(JobSummary) } },
  'GET /api/v1/jobs/stats': { summary: 'Jobs by state', tag: 'Jobs', auth: 'caller', query: z.object({ queue_name: QueueName.optional() }), responses: { 200: JobStats } },
  'GET /api/v1/jobs/:id': { summary: 'One job with payload and result', tag: 'Jobs', auth: 'caller', params: byId, responses: { 200: Job } },

  'POST /api/webhooks/:source': { summary: 'Receive a webhook', tag: 'Webhooks in', auth: 'signature', params: z.object({ source: z.string().min(1).max(100) }), maxBodyBytes: 5 * 1024 * 1024, responses: { 202: AcceptedReceipt, 200: AcceptedReceipt } },
  'GET /api/webhooks': { summary: 'Receipts, newest first', tag: 'Webhooks in', auth: 'caller', query: ListReceiptsQuery, responses: { 200: ReceiptList } },
  'GET /api/webhooks/:id': { summary: 'One receipt, body and headers', tag: 'Webhooks in', auth: 'caller', params: byId, responses: { 200: Receipt } },
  'GET /api/v1/webhook-sources': { summary: 'Where webhooks can come from', tag: 'Webhooks in', auth: 'caller', responses: { 200: z.array(SourceSummary) } },

  'GET /api/ws/jobs': { summary: 'WebSocket: every job change', tag: 'Realtime', auth: 'socket', responses: {} },
  'GET /api/ws': { summary: 'WebSocket: one job, latest status first', tag: 'Realtime', auth: 'socket', query: z.object({ job_id: Id }), responses: {} },
  'GET /api/v1/live': { summary: 'WebSocket of the dashboard: job changes, receipts, resync', tag: 'Realtime', auth: 'socket', responses: {} },
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
