import { it } from 'vitest'
import { whyNoBoxes } from '../../../../scripts/check/find-tools.ts'
import { openBwrap } from '../../../../server/infra/sandbox/bwrap/driver.ts'
import { openCgroups } from '../../../../server/infra/sandbox/cgroups.ts'
import { describeDriver } from './driver-contract.ts'
import { openUnprivileged } from './unprivileged-driver.ts'

const cgroups = openCgroups()
cgroups.close()
if (whyNoBoxes()) it.skip(`boxes of bubblewrap: ${whyNoBoxes()}`)
else {
  if (cgroups.version !== 'none') describeDriver(`boxes of bubblewrap with cgroups ${cgroups.version}`, () => openBwrap())
  describeDriver('boxes of bubblewrap without cgroups', () => openBwrap({ cgroups: 'none' }))
  if (process.getuid?.() === 0) describeDriver('boxes of bubblewrap of a user without rights', openUnprivileged)
}
