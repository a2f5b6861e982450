export type Program = 'web' | 'worker' | 'code'

const CODE = 'code-execution'

/** The queues of the ordinary worker: code is run by a process of its own. Undefined: all of them. */
export const ordinaryQueues = (queues: string[] | undefined): string[] | undefined => queues?.filter(name => name !== CODE)

/** What is started where `BESPIN_WORKER_QUEUES` says what the workers run: the ordinary one, the code worker, or both. */
export function chooseWorkers(wanted: Program[], queues: string[] | undefined): Program[] {
  if (!queues || !wanted.includes('worker')) return wanted
  return [...wanted.filter(name => name === 'web'), ...(ordinaryQueues(queues)!.length > 0 ? ['worker' as const] : []), ...(queues.includes(CODE) ? ['code' as const] : [])]
}
