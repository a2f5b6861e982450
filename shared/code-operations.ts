import { CodeExecutionPayload } from './schemas/code.ts'
import {
  ByExecution, EventStream, ExecutionAnswer, ExecutionList, ListExecutionsQuery, PublicHealth, PublicStatus, RuntimesAnswer, StreamQuery, SubmittedAnswer, WaitQuery,
} from './schemas/execution.ts'
import { CreatedBespinJob } from './schemas/job.ts'

/** A submission that is too large is told which of its fields is: bodies may be larger than what is taken. */
const SUBMISSION = { body: CodeExecutionPayload, maxBodyBytes: 8 * 1024 * 1024 } as const
/** The operations of code execution: rows of the contract table (shared/api-contract.ts). */
export const CODE_OPERATIONS = {
  'POST /api/jobs/code-execution': { summary: 'Run code in a sandbox: create a code-execution job', tag: 'Code', auth: 'caller', ...SUBMISSION, responses: { 202: CreatedBespinJob } },
  'GET /api/v1/public/health': { summary: 'Whether this server reaches its database, and its connections: always 200, every field a text', tag: 'Code', auth: 'public', responses: { 200: PublicHealth } },
  'GET /api/v1/public/status': { summary: 'What this service is, and the languages that can be run now', tag: 'Code', auth: 'caller', responses: { 200: PublicStatus } },
  'GET /api/v1/public/runtimes': { summary: 'Languages and versions, limits with their caps, and how code is walled in', tag: 'Code', auth: 'caller', responses: { 200: RuntimesAnswer } },
  'POST /api/v1/public/execute': { summary: 'Run code in a sandbox; with wait the answer is the result. 400 names each field that is wrong, 503 says why no code can be run now: nothing is queued then', tag: 'Code', auth: 'caller', query: WaitQuery, ...SUBMISSION, responses: { 201: SubmittedAnswer } },
  'GET /api/v1/public/jobs': { summary: 'Code executions, newest first', tag: 'Code', auth: 'caller', query: ListExecutionsQuery, responses: { 200: ExecutionList } },
  'GET /api/v1/public/jobs/:job_id': { summary: 'One code execution: how it ended in a word and a sentence, what it printed, its stages and the limits in force', tag: 'Code', auth: 'caller', params: ByExecution, query: WaitQuery, responses: { 200: ExecutionAnswer } },
  'GET /api/v1/public/jobs/:job_id/stream': { summary: 'Server-sent events while code runs: status, output as it is printed, at the end result', tag: 'Code', auth: 'caller', params: ByExecution, query: StreamQuery, media: 'text/event-stream', responses: { 200: EventStream } },
} as const
