import { readFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { python } from './contestants.ts'
import { groups, works } from './groups.ts'
import { compare, type Result } from './harness.ts'
import { table } from './table.ts'
import { write } from './write.ts'

// Compares osier with others, side by side: all groups, or those named: `npm run bench -- stat walk`. With --write the
// figures go to docs/performance.md and the README, too.

function machine(): string {
  const { version }: { version: string } = JSON.parse(readFileSync('node_modules/koffi/package.json', 'utf8'))
  const cores = cpus()
  return [
    `${cores[0]?.model.trim()}, ${cores.length} cores, Linux ${release()}`,
    `Node ${process.version}, koffi ${version}, ${python?.description ?? 'no python3'}`,
  ].join('\n')
}

const { values, positionals } = parseArgs({ options: { write: { type: 'boolean' } }, allowPositionals: true })
const wanted = positionals.length > 0 ? positionals : groups
const unknown = wanted.filter((name) => !groups.includes(name))
if (unknown.length > 0) throw new Error(`no such group: ${unknown.join(', ')}; there are ${groups.join(', ')}`)
if (values.write && wanted !== groups) throw new Error('only a run of all groups is written down')

let printed = ''

function print(text: string): void {
  console.log(text)
  printed += `${text}\n`
}

print(machine())
for (const name of wanted) {
  const results: Result[] = []
  for (const [i, work] of (await works(name)).entries()) results.push(...(await compare(work, [name, String(i)])))
  print(`\n## ${name}\n\n${table(results)}`)
}
if (values.write) write(printed)
// A group may have opened what would keep this process waiting.
process.exit()
