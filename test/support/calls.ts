import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { askPython } from './python.ts'

/**
 * A call of `os`: the function's name and its arguments. Bytes are `{ bytes: 'hex' }`, a constant is `{ constant: name }`,
 * a set `{ set: [...] }`, a sched_param `{ sched_param: priority }`.
 */
export type Step = readonly [name: string, ...args: unknown[]]

/** The outcome: the result, the number of an OSError, or the class of another error. */
export interface Outcome {
  readonly result?: unknown
  readonly errno?: number
  readonly error?: 'TypeError' | 'RangeError'
}

const PYTHON = `
import json, os, sys

def argument(value):
    if isinstance(value, list):
        return [argument(item) for item in value]
    if not isinstance(value, dict):
        return value
    (kind, content), = value.items()
    if kind == 'bytes':
        return bytes.fromhex(content)
    if kind == 'constant':
        return getattr(os, content)
    if kind == 'set':
        return set(content)
    if kind == 'sched_param':
        return os.sched_param(content)
    return value

def shape(value):
    if isinstance(value, (bytes, bytearray)):
        return {'bytes': value.hex()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (list, tuple)):
        return [shape(item) for item in value]
    return value

def outcome(name, *args):
    try:
        return {'result': shape(getattr(os, name)(*[argument(value) for value in args]))}
    except OSError as error:
        return {'errno': error.errno}
    except TypeError:
        return {'error': 'TypeError'}
    except (ValueError, OverflowError):
        return {'error': 'RangeError'}

print(json.dumps([outcome(*step) for step in json.load(sys.stdin)]))
`

export interface CallOptions {
  readonly cwd?: string
}

/** The outcomes of calls that are made one after the other in a new process. */
export function makeCalls(steps: readonly Step[], { cwd }: CallOptions = {}): Outcome[] {
  const program = fileURLToPath(new URL('./replay.js', import.meta.url))
  const child = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    input: JSON.stringify(steps),
    timeout: 60_000,
    ...(cwd === undefined ? {} : { cwd }),
  })
  if (child.status !== 0) throw new Error(`the child failed: ${child.stderr}${child.error ?? ''}`)
  return JSON.parse(child.stdout) as Outcome[]
}

/** Makes the same calls in osier and in Python, each in a new process, and compares the outcomes. */
export function assertSameAsPython(steps: readonly Step[], options: CallOptions = {}): void {
  const theirs = askPython<Outcome[]>(PYTHON, { ...options, input: JSON.stringify(steps) })
  const ours = makeCalls(steps, options)
  const pair = (outcomes: readonly Outcome[]): unknown[] =>
    steps.map((step, index) => ({ step, outcome: outcomes[index] }))
  assert.deepEqual(pair(ours), pair(theirs))
}
