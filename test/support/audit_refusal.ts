import * as fs from 'node:fs'
import * as os from 'osier'
import { otherCalls, prepareOtherCalls } from './audit_refusal_calls.ts'
import { publicFunctions, signatureOf } from './signatures.ts'

/**
 * Calls the functions of `os` and their twins, and those of other modules, under a hook that refuses every event, in the current folder:
 *
 *     strace ... node audit_refusal.js [NAME ...]
 *
 * does not call the functions that are named. Each call begins with a line `osier-call NAME` on standard output, which
 * a trace shows too, and the last line is the outcome of each call as JSON.
 */

const skipped = new Set(process.argv.slice(2))

class Refusal extends Error {}

fs.writeFileSync('file', 'contents')
fs.mkdirSync('folder')
fs.mkdirSync('empty')
fs.symlinkSync('file', 'link')
const place = { fd: fs.openSync('file', 'r+'), folderFd: fs.openSync('folder', 'r') }

type Outcome = 'refused' | 'returned' | string
const outcomes: Record<string, Outcome> = {}

function outcomeOf(error: unknown): Outcome {
  return error instanceof Refusal ? 'refused' : String(error)
}

/** Walks do nothing before their first step. */
function firstStep(result: unknown): unknown {
  return typeof result === 'object' && result !== null && 'next' in result ? (result.next as () => unknown)() : result
}

prepareOtherCalls()

os.addaudithook((event) => {
  throw new Refusal(event)
})

const functions: Readonly<Record<string, unknown>> = os
const twins: Readonly<Record<string, unknown>> = os.promises
const calls = publicFunctions().filter(({ name }) => !skipped.has(name))

for (const declared of calls) {
  const { name, isClass } = declared
  const call = functions[name]
  const signature = signatureOf(declared)
  if (typeof call !== 'function' || Array.isArray(signature) || isClass) continue
  const args = signature.positional.filter(({ isOptional }) => !isOptional).map(({ kind }) => kind.good(place))
  fs.writeSync(1, `osier-call ${name}\n`)
  try {
    firstStep(Reflect.apply(call, os, args))
    outcomes[name] = 'returned'
  } catch (error) {
    outcomes[name] = outcomeOf(error)
  }
  const twin = twins[name]
  if (outcomes[name] !== 'refused' || typeof twin !== 'function') continue
  fs.writeSync(1, `osier-call promises.${name}\n`)
  try {
    await firstStep(Reflect.apply(twin, os.promises, args))
    outcomes[`promises.${name}`] = 'returned'
  } catch (error) {
    outcomes[`promises.${name}`] = outcomeOf(error)
  }
}
for (const [name, call] of otherCalls) {
  fs.writeSync(1, `osier-call ${name}\n`)
  try {
    await call()
    outcomes[name] = 'returned'
  } catch (error) {
    outcomes[name] = outcomeOf(error)
  }
}
fs.writeSync(1, 'osier-call end\n')
fs.writeSync(1, `${JSON.stringify(outcomes)}\n`)
