import { writeSync } from 'node:fs'
import { parts } from './around.ts'
import type { Situation } from './child.ts'
import { parts as partsOfCompany } from './parent_state.ts'
import { chapters } from './situations.ts'

// Runs the situation whose name it gets, and ends with 0 where all went well. Only the first process says so: a child
// that comes here has left its part, which is a mistake.

const first = process.pid

async function run(name: string): Promise<void> {
  const situation = Object.assign({}, parts, partsOfCompany, ...Object.values(chapters))[name] as Situation | undefined
  if (situation === undefined) throw new Error(`no such situation: ${name}`)
  await situation()
  if (process.pid !== first) throw new Error('a child has left its part')
  writeSync(1, 'as it should be\n')
}

// Not awaited: a child in which this never ends would end with 13, Node's exit code for an unsettled `await`.
run(process.argv[2] ?? '').catch((error: unknown) => {
  writeSync(2, `${error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = 1
})
