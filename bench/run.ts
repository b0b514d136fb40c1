import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { fileURLToPath } from 'node:url'
import { python } from './contestants.ts'
import { compare, type Result, type Work } from './harness.ts'
import { table } from './table.ts'

// Compares osier with others, side by side: all groups, or those named: `npm run bench -- stat walk`. Every group runs
// in a process of its own, so that what one does to the compiler and the heap does not colour the next.

const groups = new URL('./groups/', import.meta.url)
const names = readdirSync(groups)
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -3))
  .sort()

async function runGroup(name: string): Promise<void> {
  const { works }: { works: readonly Work[] } = await import(new URL(`${name}.js`, groups).href)
  const results: Result[] = []
  for (const work of works) results.push(...(await compare(work)))
  console.log(`\n## ${name}\n\n${table(results)}`)
}

function runAll(wanted: readonly string[]): void {
  const unknown = wanted.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Error(`no such group: ${unknown.join(', ')}; there are ${names.join(', ')}`)
  console.log(machine())
  for (const name of wanted.length === 0 ? names : wanted) {
    // mitata collects garbage before each measurement, where it can.
    const args = ['--expose-gc', fileURLToPath(import.meta.url), '--group', name]
    const child = spawnSync(process.execPath, args, { stdio: 'inherit' })
    if (child.status !== 0) process.exitCode = 1
  }
}

function machine(): string {
  const { version }: { version: string } = JSON.parse(readFileSync('node_modules/koffi/package.json', 'utf8'))
  const cores = cpus()
  return [
    `${cores[0]?.model.trim()}, ${cores.length} cores, Linux ${release()}`,
    `Node ${process.version}, koffi ${version}, ${python?.description ?? 'no python3'}`,
  ].join('\n')
}

const [first, ...rest] = process.argv.slice(2)
if (first === '--group' && rest[0] !== undefined) await runGroup(rest[0])
else runAll(process.argv.slice(2))
