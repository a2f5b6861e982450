/** The part of autocannon that the benchmarks use; the package brings no types. */
declare module 'autocannon' {
  export interface Outgoing { method?: string, path?: string, headers?: Record<string, string>, body?: string | Buffer }
  export interface RequestPlan extends Outgoing {
    setupRequest?(request: Outgoing, context: object): Outgoing
    onResponse?(status: number, body: string): void
  }
  export interface Options { url: string, connections: number, duration: number, timeout?: number, requests: RequestPlan[] }
  export interface Result {
    /** Seconds. */
    duration: number
    errors: number
    timeouts: number
    non2xx: number
    '2xx': number
    /** Milliseconds. */
    latency: { p50: number, p99: number, max: number }
  }
  export default function autocannon(options: Options): Promise<Result>
}
