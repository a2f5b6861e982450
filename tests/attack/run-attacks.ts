import { setTimeout as sleep } from 'node:timers/promises'
import { plantCanaries } from './canaries.ts'
import { checkHost, lookBefore } from './host-checks.ts'
import { judgeObservation, type Complaint } from './judge-observation.ts'
import { payloadOf, type Target } from './target.ts'
import type { Attack, Finding, Observation, Verdict } from './vocabulary.ts'

/** How far ahead the first of a group that runs together is. */
const AHEAD_MS = 1200

/** Programs that belong together, in order; most stand alone. */
export function inGroups(attacks: Attack[]): Attack[][] {
  const groups = new Map<string, Attack[]>()
  for (const attack of attacks) {
    const key = attack.group ?? attack.id
    groups.set(key, [...groups.get(key) ?? [], attack])
  }
  return [...groups.values()].map(group => group.toSorted((a, b) => (a.step ?? 0) - (b.step ?? 0)))
}

const runsTogether = (group: Attack[]) => group.length > 1 && group.some(({ together, group: name = '' }) => together ?? /concurrent|lock/.test(name))

/** Runs one group against a target, and looks at this machine after each program. */
export async function runGroup(target: Target, group: Attack[]): Promise<Finding[]> {
  if (!runsTogether(group)) {
    const findings: Finding[] = []
    for (const attack of group) findings.push(await runAttack(target, attack))
    return findings
  }
  const [first, ...rest] = group
  const begun = runAttack(target, first!, false)
  await sleep(AHEAD_MS)
  return [...await Promise.all(rest.map(attack => runAttack(target, attack, false))), await begun]
}

/** @param alone false: others run at the same time, so that what is left is not looked for. */
async function runAttack(target: Target, attack: Attack, alone = true): Promise<Finding> {
  const finding = (verdict: Verdict, seen: Observation | undefined, reasons: string[]): Finding =>
    ({ id: attack.id, mode: target.mode, verdict, status: seen?.status ?? seen?.request ?? '', wallMs: seen?.wall_ms ?? null, reasons })
  const obstacle = whyNotRun(target, attack)
  if (obstacle) return finding('not run', undefined, [obstacle])
  const checks = attack.expect.host_after ?? []
  const canaries = await plantCanaries(attack)
  try {
    const before = lookBefore(target, checks)
    let seen: Observation | undefined
    for (let times = attack.setup?.repeats ?? 1; times > 0; times--) seen = await target.submit(payloadOf(attack))
    const complaints = judgeObservation(seen!, attack.expect)
    const wrongHere = await checkHost({ target, before, canaries }, alone ? checks : checks.filter(check => check !== 'no_orphans'), alone)
    return finding(verdictOf(attack, complaints, wrongHere), seen, [...complaints.map(({ text }) => text), ...wrongHere])
  }
  catch (error) {
    return finding('failed', undefined, [error instanceof Error ? error.message : String(error)])
  }
  finally {
    await canaries.remove()
  }
}

function whyNotRun(target: Target, { language, arch, expect }: Attack): string | null {
  if (!expect.request && !target.languages.has(language)) return `${language} is not there`
  return arch && arch !== process.arch ? `it names system calls of ${arch}` : null
}

function verdictOf({ optional }: Attack, complaints: Complaint[], wrongHere: string[]): Verdict {
  if (complaints.length === 0 && wrongHere.length === 0) return 'held'
  if (optional) return 'residual'
  return wrongHere.length > 0 || complaints.some(({ gotThrough }) => gotThrough) ? 'BREACH' : 'failed'
}
