import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import os from 'osier'
import { askPython } from './python.ts'

/**
 * Calls of `os`, one after the other, where a later one can use what an earlier one returned. An argument stands for
 * itself, or is
 *
 *     { use: 'r' }          what an earlier call returned, kept under that name
 *     { constant: 'O_RDWR' } a constant, or several joined by |
 *     { bytes: 'text' }     bytes, as latin1 text
 *     { buffer: 10 }          memory to read into, compared afterwards
 *     { path: 'name' }      a path in a folder that is new for each side
 *     { int: '9007199254740993' } an integer that JSON cannot hold
 */
export interface Call {
  readonly call: readonly [name: string, ...args: unknown[]]
  /** The name of an object that an earlier call returned: calls its method, instead of a function of `os`. */
  readonly on?: string
  /** Names for the result, or for the items of it. Descriptors have other numbers there, so it is not compared then. */
  readonly as?: string | readonly string[]
}

interface Outcome {
  readonly result?: unknown
  readonly errno?: number
  readonly error?: 'TypeError' | 'RangeError'
  /** What the memory to read into holds afterwards. */
  readonly buffers?: readonly string[]
}

const PYTHON = `
import json, os, sys

kept = {}

def argument(value, buffers):
    if isinstance(value, list):
        return [argument(item, buffers) for item in value]
    if not isinstance(value, dict):
        return value
    (kind, content), = value.items()
    if kind == 'use':
        return kept[content]
    if kind == 'constant':
        bits = 0
        for name in content.split('|'):
            bits |= getattr(os, name)
        return bits
    if kind == 'bytes':
        return content.encode('latin1')
    if kind == 'path':
        return os.path.join(sys.argv[1], content)
    if kind == 'int':
        return int(content)
    if kind == 'buffer':
        buffers.append(bytearray(content))
        return buffers[-1]
    return value

def shape(value):
    if isinstance(value, (bytes, bytearray)):
        return {'bytes': value.decode('latin1')}
    if isinstance(value, (tuple, list)):
        return [shape(item) for item in value]
    return value

def outcome(step):
    name, *args = step['call']
    buffers = []
    try:
        found = getattr(kept[step['on']] if 'on' in step else os, name)
        result = found(*[argument(value, buffers) for value in args]) if callable(found) else found
    except OSError as error:
        # io.UnsupportedOperation is a ValueError as well.
        return {'error': 'RangeError'} if isinstance(error, ValueError) else {'errno': error.errno}
    except TypeError:
        return {'error': 'TypeError'}
    except (ValueError, OverflowError):
        return {'error': 'RangeError'}
    names = step.get('as')
    if isinstance(names, str):
        kept[names] = result
    elif names:
        kept.update(zip(names, result))
    report = {} if names else {'result': shape(result)}
    if buffers:
        report['buffers'] = [buffer.decode('latin1') for buffer in buffers]
    return report

print(json.dumps([outcome(step) for step in json.load(sys.stdin)]))
`

interface Run {
  readonly folder: string
  readonly kept: Map<string, unknown>
}

function argument(value: unknown, run: Run, buffers: Buffer[]): unknown {
  if (Array.isArray(value)) return value.map((item) => argument(item, run, buffers))
  if (typeof value !== 'object' || value === null) return value
  const [[kind, content] = []] = Object.entries(value)
  if (kind === 'use') return run.kept.get(String(content))
  // Not by `join`, which would normalize the path.
  if (kind === 'path') return `${run.folder}/${content}`
  if (kind === 'bytes') return Buffer.from(String(content), 'latin1')
  if (kind === 'int') return BigInt(String(content))
  if (kind === 'constant') {
    const parts = String(content).split('|')
    return parts.reduce((bits, name) => bits | Number(Reflect.get(os, name)), 0)
  }
  if (kind !== 'buffer') return value
  const buffer = Buffer.alloc(Number(content))
  buffers.push(buffer)
  return buffer
}

function shape(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('latin1') }
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) {
    return Array.from(value as Iterable<unknown>, shape)
  }
  return value ?? null
}

function outcome({ call: [name, ...args], on, as: names }: Call, run: Run): Outcome {
  const buffers: Buffer[] = []
  let result: unknown
  try {
    const owner = on === undefined ? os : (run.kept.get(on) as object)
    const found: unknown = Reflect.get(owner, name)
    const given = args.map((value) => argument(value, run, buffers))
    result = typeof found === 'function' ? Reflect.apply(found, owner, given) : found
  } catch (error) {
    if (error instanceof os.OSError) return { errno: error.errno }
    if (error instanceof TypeError) return { error: 'TypeError' }
    if (error instanceof RangeError) return { error: 'RangeError' }
    throw error
  }
  if (typeof names === 'string') run.kept.set(names, result)
  else for (const [index, key] of (names ?? []).entries()) run.kept.set(key, (result as readonly unknown[])[index])
  return {
    ...(names === undefined ? { result: shape(result) } : {}),
    ...(buffers.length > 0 ? { buffers: buffers.map((buffer) => buffer.toString('latin1')) } : {}),
  }
}

/** Makes the calls in osier, and in Python in a separate process, and compares the outcomes. */
export function assertSameAsPython(calls: readonly Call[], folder: string): void {
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  for (const path of [ours, theirs]) mkdirSync(path)
  try {
    const run: Run = { folder: ours, kept: new Map() }
    const pairs = (outcomes: readonly Outcome[]): unknown[] => calls.map(({ call }, at) => ({ call, ...outcomes[at] }))
    const here = calls.map((call) => outcome(call, run))
    const there = askPython<Outcome[]>(PYTHON, { args: [theirs], input: JSON.stringify(calls) })
    assert.deepEqual(pairs(here), pairs(there))
  } finally {
    for (const path of [ours, theirs]) rmSync(path, { recursive: true })
  }
}
