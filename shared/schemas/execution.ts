import { z } from 'zod'
import { IGNIS_STATUSES, JOB_STATES } from '../job-states.ts'
import { CODE_LIMIT_NAMES, type CodeLimitName } from '../code-limits.ts'
import { CodeExecutionResult, CodeOutputChunk, Enforcement, MissingRuntime, Runtime, STAGE_STATUSES } from './code.ts'
import { Cursor, Id, Limit, Offset, Timestamp } from './primitives.ts'

/** The shapes of the paths under `/api/v1/public`: a superset of Ignis', whose success is `{data}`. */
const waitRange = 'must be a number of seconds from 0 to 60'
/** How long an answer may wait for the end of the job, seconds. */
export const WaitQuery = z.object({
  wait: z.coerce.number(waitRange).min(0, waitRange).max(60, waitRange).optional().describe('seconds, at most 60: answer as soon as the job is over, or then with what is known'),
})

/** Any text: an id that is none is answered as one that is not known. */
export const ByExecution = z.object({ job_id: z.string().min(1).max(200) })
export const StreamQuery = z.object({ token: z.string().optional().describe('the key, for an EventSource, which can send no headers') })

/** Text of server-sent events, sent as it comes. */
export const EventStream = z.string().optional()

/** Where an execution stands: not begun, running, or how it ended. */
export const OUTCOMES = ['queued', 'running', ...STAGE_STATUSES] as const
export const Outcome = z.enum(OUTCOMES)
export type Outcome = z.infer<typeof Outcome>

const IgnisStatus = z.enum(IGNIS_STATUSES).describe('Ignis\' word; failed: the program did not end well, or was never run')

/** What was accepted. */
export const Submitted = z.object({ job_id: Id, language: z.string(), status: z.literal('received'), message: z.string() })
export type Submitted = z.infer<typeof Submitted>

/** What lists tell of an execution: Ignis' fields, and how it ended. */
export const ExecutionSummary = z.object({
  job_id: Id,
  language: z.string(),
  status: IgnisStatus,
  message: z.string().describe('one sentence: where it stands, or what happened'),
  error: z.string().describe('empty when all went well'),
  stdout: z.string().describe('of the run; of several, of the first that did not end ok, else of the first; of the compiler when it failed'),
  stderr: z.string(),
  encoding: z.enum(['utf8', 'base64']).describe('of stdout and stderr'),
  output_cut: z.literal(true).optional().describe('in lists: stdout or stderr is longer; fetch the job'),
  exec_duration: z.number().describe('wall milliseconds of what stdout is from'),
  mem_usage: z.number().describe('KiB, at its peak; 0 when it could not be measured'),
  created_at: Timestamp,
  updated_at: Timestamp,
  state: z.enum(JOB_STATES),
  outcome: Outcome,
  exit_code: z.number().int().nullable(),
  signal: z.string().nullable(),
  runs_total: z.number().int().describe('how many inputs it has'),
})
export type ExecutionSummary = z.infer<typeof ExecutionSummary>

const ofResult = CodeExecutionResult.pick({ version: true, compile: true, compile_cached: true, run: true, runs: true, runs_left_out: true, limits: true, isolation: true }).partial()
/** One execution: the same, and all that is known of its stages once it is over. */
export const Execution = ExecutionSummary.omit({ output_cut: true }).extend({
  ...ofResult.shape,
  progress: z.number().describe('0 to 1'),
  attempts: z.number().int().describe('times it was run; more than one only after a failure of the sandbox'),
  started_at: Timestamp.nullable(),
  completed_at: Timestamp.nullable(),
})
export type Execution = z.infer<typeof Execution>

export const SubmittedAnswer = z.object({ data: z.union([Execution, Submitted]).describe('with wait: the job as GET shows it') })
export const ExecutionAnswer = z.object({ data: Execution })

export const ListExecutionsQuery = z.object({ limit: Limit, offset: Offset.optional(), cursor: Cursor.optional().describe('next_cursor of the page before; instead of offset') })
export const ExecutionList = z.object({
  data: z.array(ExecutionSummary),
  pagination: z.object({ total: z.number().int(), limit: z.number().int(), offset: z.number().int(), count: z.number().int(), next_cursor: z.string().nullable() }),
})
export type ExecutionList = z.infer<typeof ExecutionList>

const LimitHere = z.object({
  default: z.number(), min: z.number(), max: z.number().describe('the lower of the server\'s and the organization\'s cap'), unit: z.enum(['ms', 'bytes', 'count']), title: z.string(),
  enforced_by: Enforcement.nullable().describe('null: no worker is there to say'),
})
/** What can be run here, within which limits, behind which walls. */
export const Runtimes = z.object({
  available: z.boolean().describe('false: nothing can be run now; reason and remedy say why'),
  reason: z.string().nullable(),
  remedy: z.string().nullable(),
  runtimes: z.array(Runtime),
  missing: z.array(MissingRuntime).describe('languages that are known and whose toolchain no worker has'),
  limits: z.object(Object.fromEntries(CODE_LIMIT_NAMES.map(name => [name, LimitHere])) as Record<CodeLimitName, typeof LimitHere>),
  isolation: z.object({ driver: z.string(), cgroups: z.enum(['v2', 'v1', 'none']), proven_at: Timestamp }).nullable(),
  workers: z.number().int().describe('code workers that proved their sandbox'),
})
export type Runtimes = z.infer<typeof Runtimes>
export const RuntimesAnswer = z.object({ data: Runtimes })

/** `GET /api/v1/public/status`. */
export const PublicStatus = z.object({
  status: z.enum(['operational', 'unavailable']).describe('unavailable: no code can be run now'),
  version: z.string(), service: z.string(), description: z.string(), message: z.string(),
  endpoints: z.record(z.string(), z.string()), supported_languages: z.array(z.string()),
})
/** `GET /api/v1/public/health`: always 200, every field a text. */
export const PublicHealth = z.object({
  status: z.enum(['up', 'down']), message: z.string(), open_connections: z.string(), in_use: z.string(), idle: z.string(),
  wait_count: z.string(), wait_duration: z.string(), max_idle_closed: z.string(), max_lifetime_closed: z.string(),
})

/** Frame of `GET /api/ws?job_id=` between the status frames, of a job that runs code. */
export const JobOutputFrame = CodeOutputChunk.extend({ type: z.literal('job_output') })
export type JobOutputFrame = z.infer<typeof JobOutputFrame>
