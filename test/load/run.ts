import { release } from 'node:os'
import { writeSection } from '../support/page_section.ts'
import { load, times } from './load.ts'

// Makes all runs, and writes their figures to docs/reliability.md.

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

const rows = Object.entries(times).map(([name, count]) => {
  const { before, first, last } = load(name, count)
  const growth = (100 * (last.memory - first.memory)) / first.memory
  const memory = [mebibytes(first.memory), mebibytes(last.memory), `${growth.toFixed(1)} %`]
  const left = [last.descriptors - before.descriptors, last.children - before.children]
  console.log(`${name}, ${count} times: ${memory.join(', ')}; left over: ${left.join(' descriptors, ')} children`)
  return `| ${name} | ${count.toLocaleString('en').replaceAll(',', ' ')} | ${[...memory, ...left].join(' | ')} |`
})
const head =
  '| work | times | memory after a tenth | at the end | growth | descriptors left | children left |\n' +
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: |'
writeSection('load', `Node ${process.version}, Linux ${release()}.\n\n${head}\n${rows.join('\n')}`)
