// A worker with a program that does not end, to be killed: says when the program runs.
import { bash, box, createDriver } from './real-engine.ts'

const driver = createDriver(process.argv[2]!)
void driver.run(box(bash('echo up; sleep 120'), { limits: { wallMs: 120_000 } }), { onOutput: () => console.log('up') })
