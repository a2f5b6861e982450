/**
 * Preloaded (`node --import`) into a worker: shifts what its program reads as the time of day by CHAOS_SKEW_SECONDS.
 * Timers and performance.now() go on as they are, as on a machine whose clock was set wrong.
 */
const shiftMs = Number(process.env.CHAOS_SKEW_SECONDS ?? 0) * 1000
const RealDate = Date

if (shiftMs !== 0 && !process.argv[1]?.endsWith('launch.ts')) {
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, values: [], newTarget) => values.length === 0 ? new RealDate(RealDate.now() + shiftMs) : Reflect.construct(target, values, newTarget) as Date,
    apply: () => new RealDate(RealDate.now() + shiftMs).toString(),
    get: (target, name) => name === 'now' ? () => RealDate.now() + shiftMs : Reflect.get(target, name) as unknown,
  })
}
