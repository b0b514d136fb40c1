import { text } from 'node:stream/consumers'
import os from 'osier'
import type { Outcome, Step } from './calls.ts'

/**
 * Makes the calls that it reads as JSON, and prints the outcomes: the counterpart in Python is in `calls.ts`. Runs in a
 * separate process, because some of the calls change the process permanently.
 */

function argument(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(argument)
  if (typeof value !== 'object' || value === null) return value
  const [[kind, content] = []] = Object.entries(value)
  if (kind === 'bytes') return Buffer.from(String(content), 'hex')
  if (kind === 'constant') return Reflect.get(os, String(content))
  if (kind === 'set') return new Set(Array.isArray(content) ? content : [])
  if (kind === 'sched_param') return new os.sched_param(Number(content))
  return value
}

function shape(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') }
  if (value instanceof Set) return [...value].sort((a, b) => Number(a) - Number(b))
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) {
    return Array.from(value as Iterable<unknown>, shape)
  }
  return value === undefined ? null : value
}

function outcome([name, ...args]: Step): Outcome {
  try {
    const call: unknown = Reflect.get(os, name)
    if (typeof call !== 'function') throw new Error(`there is no os.${name}`)
    return { result: shape(call(...args.map(argument))) }
  } catch (error) {
    if (error instanceof os.OSError) return { errno: error.errno }
    if (error instanceof TypeError) return { error: 'TypeError' }
    if (error instanceof RangeError) return { error: 'RangeError' }
    throw error
  }
}

const steps = JSON.parse(await text(process.stdin)) as Step[]
console.log(JSON.stringify(steps.map(outcome)))
