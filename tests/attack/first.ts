import { openLocalTarget, localModes } from './local-target.ts'
import { readAttacks } from './read-attacks.ts'
import { inGroups, runGroup } from './run-attacks.ts'
const [m='0', only='']=process.argv.slice(2)
const t=performance.now()
const target=await openLocalTarget(localModes()[Number(m)]!)
console.log(target.mode, [...target.languages].join(), Math.round(performance.now()-t))
for (const g of inGroups(readAttacks().filter(a=>new RegExp(only).test(a.id)))) for (const f of await runGroup(target,g)) if (f.verdict!=='held'||only) console.log(f.verdict.padEnd(8),f.id,f.status,f.wallMs,f.reasons.join(' | ').slice(0,400))
console.log(Math.round(performance.now()-t))
await target.close()
