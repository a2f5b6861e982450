import { rm } from 'node:fs/promises'
import { collectFigures } from './figures.ts'
import type { Measurement } from './measurement.ts'
import { makeDataDir, startProduct } from './product.ts'

/** From the launcher's start to the ready line: with an empty data folder, and with one that has been used. */
export const measureStart: Measurement = {
  letter: 'a', name: 'start', title: 'Start from a built tree to "Bespin is ready"',
  async run({ rounds, belt }) {
    const figures = collectFigures()
    // Not counted: it builds when needed and brings the programs into the page cache.
    const warmUp = await startProduct({ belt })
    await warmUp.stop()
    for (let round = 0; round < rounds; round++) {
      const dataDir = await makeDataDir()
      const first = await startProduct({ belt, dataDir })
      await first.stop({ keepData: true })
      figures.add('first start (makes the database)', first.startMs, { unit: 'ms' })
      const again = await startProduct({ belt, dataDir })
      await again.stop()
      await rm(dataDir, { recursive: true, force: true })
      figures.add('start with an existing data folder', again.startMs, { unit: 'ms', atMost: 5000 })
    }
    return { figures: figures.all(), notes: [], broken: [] }
  },
}
