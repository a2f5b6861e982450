import type { Expectation, Observation } from './vocabulary.ts'

/** What is wrong with a result, in words. `got through`: a hostile program did what it must not. */
export interface Complaint { text: string, gotThrough: boolean }

/** A busy machine makes everything slower; what is measured around the box may take so much longer. */
const SLACK_MS = 3000

/** Holds a result against what was expected of it. */
export function judgeObservation(seen: Observation, expect: Expectation): Complaint[] {
  const asked = expect.request
  if (asked) return asked.includes(seen.request) ? [] : [wrong(`the request was ${seen.request}, not ${asked.join(' or ')}`)]
  if (seen.request !== 'accepted') return [wrong(`the submission was refused: ${seen.refusal ?? 'no reason given'}`)]
  return [...judgeBreaches(seen, expect), ...judgeEnd(seen, expect), ...judgeOutput(seen, expect), ...judgeMeasures(seen, expect)]
}

const wrong = (text: string): Complaint => ({ text, gotThrough: false })
const short = (value: unknown) => JSON.stringify(value)?.slice(0, 300)

function judgeBreaches({ stdout, stderr, compiler }: Observation, expect: Expectation): Complaint[] {
  const printed = stdout.toString()
  const everything = `${printed}\n${stderr.toString()}\n${compiler}`
  return [
    ...(expect.stdout_excludes ?? []).filter(text => printed.includes(text)).map(text => `stdout holds ${short(text)}: ${short(lineWith(printed, text))}`),
    ...(expect.any_output_excludes ?? []).filter(pattern => new RegExp(pattern, 'm').test(everything)).map(pattern => `the output matches ${short(pattern)}`),
  ].map(text => ({ text, gotThrough: true }))
}

const lineWith = (text: string, part: string) => text.split('\n').find(line => line.includes(part)) ?? text

function judgeEnd(seen: Observation, expect: Expectation): Complaint[] {
  const complaints: Complaint[] = []
  if (expect.status && !expect.status.includes(seen.status ?? '')) complaints.push(wrong(`status ${seen.status}, not ${expect.status.join(' or ')} (${seen.message})`))
  for (const name of ['exit_code', 'signal', 'timed_out', 'oom_killed', 'output_truncated'] as const) {
    if (expect[name] !== undefined && expect[name] !== seen[name]) complaints.push(wrong(`${name} is ${short(seen[name])}, not ${short(expect[name])}`))
  }
  return complaints
}

function judgeOutput(seen: Observation, expect: Expectation): Complaint[] {
  const [stdout, stderr] = [seen.stdout.toString(), seen.stderr.toString()]
  const everything = `${stdout}\n${stderr}\n${seen.compiler}\n${seen.message}`
  const told = `stdout ${short(stdout)}, stderr ${short(stderr)} (${seen.message})`
  const differs = (name: string, wanted: unknown, value: unknown) => wanted !== undefined && wanted !== value && `${name} is not ${short(wanted)}: ${told}`
  return [
    differs('stdout', expect.stdout_equals, stdout), differs('stderr', expect.stderr_equals, stderr),
    differs('size of stdout', expect.stdout_bytes, seen.stdout.length), differs('size of stderr', expect.stderr_bytes, seen.stderr.length),
    expect.stdout_regex !== undefined && !new RegExp(expect.stdout_regex).test(stdout) && `stdout does not match ${expect.stdout_regex}: ${told}`,
    ...(expect.stdout_includes ?? []).map(text => !stdout.includes(text) && `stdout lacks ${short(text)}: ${told}`),
    ...(expect.any_output_includes ?? []).map(text => !everything.includes(text) && `nothing printed holds ${short(text)}: ${short(everything)}`),
    expect.max_stdout_bytes !== undefined && seen.stdout.length > expect.max_stdout_bytes && `stdout has ${seen.stdout.length} bytes, more than ${expect.max_stdout_bytes}`,
  ].filter(text => typeof text === 'string').map(wrong)
}

function judgeMeasures(seen: Observation, expect: Expectation): Complaint[] {
  const within = (name: string, value: number | null, [low, high]: [number, number]) =>
    value !== null && (value < low || value > high) && `${name} is ${value}, not from ${low} to ${high}`
  return [
    expect.max_wall_ms !== undefined && within('wall time', seen.wall_ms, [0, expect.max_wall_ms]),
    expect.max_wall_ms !== undefined && within('time as watched', seen.watched_ms, [0, expect.max_wall_ms + SLACK_MS]),
    expect.max_cpu_ms !== undefined && within('CPU time', seen.cpu_ms, [0, expect.max_cpu_ms]),
    expect.wall_ms_between && within('wall time', seen.wall_ms, expect.wall_ms_between),
    expect.peak_memory_between && within('peak memory', seen.peak_memory_bytes, expect.peak_memory_between),
  ].filter(text => typeof text === 'string').map(wrong)
}
