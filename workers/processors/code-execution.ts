import { MissingLanguageError } from '#server/domain/code/code-runner.ts'
import { openRunner } from '#server/domain/code/open-runner.ts'
import type { CodeExecutionPayload } from '#shared/schemas/code.ts'
import type { Processor } from '../processor.ts'

/** However the program ended, the job is done; a sandbox that failed throws, and the job is retried. */
const codeExecution: Processor<CodeExecutionPayload> = async ({ payload, signal, output }) => {
  const runner = await openRunner()
  try {
    const result = await runner.run(payload, { signal, onOutput: output })
    // Who stopped it knows why, and says what becomes of the job; what ended just before counts.
    return result.status === 'canceled' ? { kind: 'cancel', reason: 'The run was stopped.' } : { kind: 'ok', result }
  }
  catch (error) {
    // It was there when the job was accepted: another worker may have it, or this one again after an update.
    if (error instanceof MissingLanguageError) return { kind: 'fail', error: error.message, retryable: true }
    throw error
  }
}
export default codeExecution
