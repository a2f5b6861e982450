import { jobCondition } from '#server/domain/jobs/job-condition.ts'
import type { ConditionAt } from '#server/domain/actions/store.ts'
import type { JobActionFilter } from '#shared/schemas/action.ts'

/** The jobs of a filter, as the list finds them. `now` is what ages count from: always the moment the action was asked for. Throws VALIDATION_ERROR. */
export function matchJobs({ q, state, queue_name: queueName, job_type: jobType, error_group: errorGroup }: JobActionFilter, now: number): ConditionAt {
  return firstParameter => jobCondition({ q, states: state, queueName, jobType, errorGroup }, { firstParameter, now })
}

/** The one error group that a filter names, by its field or in its search. Throws VALIDATION_ERROR. */
export const errorGroupOfFilter = ({ error_group: errorGroup, q }: JobActionFilter): string | null => jobCondition({ q, errorGroup }).errorGroup
