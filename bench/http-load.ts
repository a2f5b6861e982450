import autocannon, { type RequestPlan } from 'autocannon'

export interface Load {
  /** Requests with a 2xx answer. */
  accepted: number
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** Answers other than 2xx, broken connections and timeouts. */
  failed: number
  from: Date
  to: Date
}

/** Requests without a pause over `connections` kept-alive connections for `seconds`. */
export async function putLoad(options: { url: string, connections: number, seconds: number, request: RequestPlan }): Promise<Load> {
  const { url, connections, seconds, request } = options
  const from = new Date()
  const result = await autocannon({ url, connections, duration: seconds, timeout: 20, requests: [request] })
  return {
    accepted: result['2xx'], perSecond: result['2xx'] / result.duration, p50: result.latency.p50, p99: result.latency.p99,
    failed: result.non2xx + result.errors + result.timeouts, from, to: new Date(),
  }
}
