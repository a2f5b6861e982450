import type { TestSpecification } from 'vitest/node'
import { BaseSequencer } from 'vitest/node'

/** Files that take ten seconds or more, the longest first: one that began last would be waited for alone. */
const SLOW = ['documents', 'launcher', 'crash-recovery', 'crash-isolation', 'belts', 'drain-worker', 'worker-presence', 'lane', 'migrate']

/** How soon a file begins; the runner knows how long files take only where they have run before. */
const rank = ({ moduleId }: TestSpecification) => {
  const at = SLOW.findIndex(name => moduleId.endsWith(`/${name}.test.ts`))
  return at === -1 ? SLOW.length : at
}

/** The order of the test files: slow ones first, the others as the runner does it. */
// eslint-disable-next-line no-restricted-syntax -- the runner wants a constructor
export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other))
  }
}
