import assert from 'node:assert/strict'
import os from 'osier'
import * as path from 'osier/path'
import { askPython } from './python.ts'

/** A function of `os.path`, its arguments, and its options in an object at the end. */
export type PathCall = readonly [name: string, ...args: unknown[]]

/** The outcome of a call as JSON: bytes are `{ bytes: 'hex' }`. */
export interface PathOutcome {
  readonly result?: unknown
  readonly error?: string
  readonly filename?: unknown
}

/** Reads calls as JSON, and prints their outcomes in posixpath. */
export const PROGRAM = `
import errno, json, posixpath, sys

def given(value):
    if isinstance(value, list):
        return [given(item) for item in value]
    if isinstance(value, dict):
        return bytes.fromhex(value['bytes'])
    return value

def shaped(value):
    if isinstance(value, bytes):
        return {'bytes': value.hex()}
    if isinstance(value, (list, tuple)):
        return [shaped(item) for item in value]
    return value

def outcome(name, *args):
    options = {}
    if args and isinstance(args[-1], dict) and 'bytes' not in args[-1]:
        *args, options = args
    if options.get('strict') == 'ALLOW_MISSING':
        options['strict'] = posixpath.ALLOW_MISSING
    try:
        return {'result': shaped(getattr(posixpath, name)(*map(given, args), **options))}
    except OSError as error:
        return {'error': errno.errorcode[error.errno], 'filename': shaped(error.filename)}
    except TypeError:
        return {'error': 'TypeError'}
    except ValueError:
        return {'error': 'RangeError'}

print(json.dumps([outcome(*call) for call in json.load(sys.stdin)]))
`

/** The outcomes in Python's posixpath: in one process, since starting it takes most of the time. */
export function inPython(calls: readonly PathCall[]): PathOutcome[] {
  return askPython(PROGRAM, { input: asJson(calls) })
}

/** The calls as the programs here and in Python read them. */
export function asJson(calls: readonly PathCall[]): string {
  return JSON.stringify(calls.map(shaped))
}

/** The outcomes in osier. */
export function here(calls: readonly PathCall[]): PathOutcome[] {
  return calls.map(outcome)
}

/** Makes the calls here and in Python, and compares. */
export function assertSameAsPython(calls: readonly PathCall[]): void {
  const theirs = inPython(calls)
  const ours = here(calls)
  for (const [index, call] of calls.entries()) assert.deepEqual(ours[index], theirs[index], JSON.stringify(call))
}

function outcome([name, ...args]: PathCall): PathOutcome {
  try {
    const call: unknown = Reflect.get(path, name)
    if (typeof call !== 'function') throw new Error(`there is no os.path.${name}`)
    return { result: shaped(call(...args.map(given))) }
  } catch (error) {
    if (error instanceof os.OSError) return { error: error.code, filename: shaped(error.filename ?? null) }
    if (error instanceof TypeError) return { error: 'TypeError' }
    if (error instanceof RangeError) return { error: 'RangeError' }
    throw error
  }
}

/** What JSON does not hold: bytes, if they come from there, and the symbol ALLOW_MISSING. */
function given(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('bytes' in value) return Buffer.from(String(value.bytes), 'hex')
  return 'strict' in value && value.strict === 'ALLOW_MISSING' ? { ...value, strict: path.ALLOW_MISSING } : value
}

function shaped(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') }
  return Array.isArray(value) ? value.map(shaped) : value
}
