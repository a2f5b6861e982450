/**
 * Writes the results page from the figures of a run: `node bench/write-results.ts figures.json docs/benchmarks`. The raw
 * figures are kept beside the page.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatFigure, median, type Figure } from './figures.ts'
import type { Machine } from './machine.ts'
import type { Found } from './measurement.ts'
import type { BenchOptions } from './options.ts'

interface Run { at: string, machine: Machine, options: BenchOptions, results: (Found & { name: string, title: string, neighbours: number, fsyncPerSecond: number })[] }

const INTRODUCTION = `# Results of make bench

Written by \`node bench/write-results.ts\` from [figures.json](figures.json), which holds every sample; how it is measured and
what each scenario does is in [Measuring](../guides/measuring.md). Medians, and every sample beside them. Figures of two machines
cannot be compared, ratios of one run can: product and peers took turns on the same PostgreSQL and Redis.

What is compared is not the same work. The peers are called as libraries in the producer's process, without HTTP, validation
or history: BullMQ and graphile-worker remove a finished job, and BullMQ's jobs are as durable as Redis with a sync every
second. Bespin answers over HTTP after the commit and keeps every job with its result.
`

export function resultsPage({ at, machine, options, results }: Run): string {
  const about = [
    `- ${at.slice(0, 10)}, ${machine.cores} cores (${machine.cpu}), ${machine.memoryGib} GiB, ${machine.system}; the load generator runs on the same cores`,
    `- Node ${machine.node}, ${machine.postgres}, Redis ${machine.redis} (AOF, everysec); synchronous_commit on; ${machine.libraries.join(', ')}`,
    `- ${options.rounds} rounds, ${options.connections} connections; load average at the start ${machine.load.join(' ')}`,
  ]
  return [INTRODUCTION, ...about, '', ...results.flatMap(section)].join('\n')
}

function section({ title, figures, notes, broken, neighbours, fsyncPerSecond }: Run['results'][number]): string[] {
  return [
    `## ${title}`, '',
    ...table(figures.filter(({ name }) => !isCpu(name))),
    ...cpuTable(figures.filter(({ name }) => isCpu(name))),
    ...notes.map(note => `- ${note}`), `- other programs used ${Math.round(neighbours * 100)} % of all cores meanwhile; before it the disk synced a page ${fsyncPerSecond.toLocaleString('en-US')} times a second`,
    ...broken.map(line => `- **BROKEN: ${line}**`), '',
  ]
}

const isCpu = (name: string): boolean => / CPU /.test(name)

function table(figures: Figure[]): string[] {
  if (figures.length === 0) return []
  return ['| | median | target | samples |', '|---|---:|---|---|', ...figures.map(row), '']
}

function row(figure: Figure): string {
  const { name, unit, samples } = figure
  return `| ${name} | ${formatFigure(median(samples))} ${unit} | ${targetOf(figure)} | ${samples.length > 1 ? samples.map(formatFigure).join(', ') : ''} |`
}

function targetOf({ samples, atLeast, atMost }: Figure): string {
  const middle = median(samples)
  if (atLeast !== undefined) return `at least ${formatFigure(atLeast)}: ${middle >= atLeast ? 'met' : '**missed**'}`
  if (atMost !== undefined) return `at most ${formatFigure(atMost)}: ${middle <= atMost ? 'met' : '**missed**'}`
  return ''
}

/** One line for each contestant: medians of its parts. */
function cpuTable(figures: Figure[]): string[] {
  const byGroup = Map.groupBy(figures, ({ group }) => group ?? '')
  if (byGroup.size === 0) return []
  const lines = [...byGroup].map(([group, parts]) => {
    const each = parts.map(({ name, samples }) => `${name.split(' CPU ')[1]} ${formatFigure(median(samples))}`)
    return `| ${group} | ${each.join(' · ')} |`
  })
  return ['| | CPU, us a job |', '|---|---|', ...lines, '']
}

if (import.meta.main) {
  const [source, folder] = process.argv.slice(2)
  if (!source || !folder) {
    console.error('Say which figures and where to: node bench/write-results.ts figures.json docs/benchmarks')
    process.exit(2)
  }
  const text = readFileSync(source, 'utf8')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'README.md'), resultsPage(JSON.parse(text) as Run))
  writeFileSync(join(folder, 'figures.json'), text)
}
