import { readFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { python } from './contestants.ts'
import { groups, works } from './groups.ts'
import { compare, type Result } from './harness.ts'
import { table } from './table.ts'

// Compares osier with others, side by side: all groups, or those named: `npm run bench -- stat walk`.

function machine(): string {
  const { version }: { version: string } = JSON.parse(readFileSync('node_modules/koffi/package.json', 'utf8'))
  const cores = cpus()
  return [
    `${cores[0]?.model.trim()}, ${cores.length} cores, Linux ${release()}`,
    `Node ${process.version}, koffi ${version}, ${python?.description ?? 'no python3'}`,
  ].join('\n')
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : groups
const unknown = wanted.filter((name) => !groups.includes(name))
if (unknown.length > 0) throw new Error(`no such group: ${unknown.join(', ')}; there are ${groups.join(', ')}`)

console.log(machine())
for (const name of wanted) {
  const results: Result[] = []
  for (const [i, work] of (await works(name)).entries()) results.push(...(await compare(work, [name, String(i)])))
  console.log(`\n## ${name}\n\n${table(results)}`)
}
