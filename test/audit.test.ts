import assert from 'node:assert/strict'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { askNode } from './support/child.ts'
import { temporaryFolder } from './support/folder.ts'
import { askPython, noPython } from './support/python.ts'

const folder = temporaryFolder()

/** Calls that raise an event each, in an order in which they are possible; those that fail raise it before. */
const CALLS: readonly (readonly [name: string, ...args: unknown[]])[] = [
  ['chdir', '.'],
  ['open', 'file', os.O_RDONLY],
  ['open', 'missing', os.O_WRONLY, 0o600],
  ['chmod', 'file', 0o600],
  // An unchanged id is -1 in osier's events, 2^32 - 1 in CPython's.
  ['chown', 'file', os.getuid(), os.getgid()],
  ['lchown', 'file', os.getuid(), os.getgid()],
  ['truncate', 'file', 1],
  ['utime', 'file'],
  ['utime', 'file', [1, 2]],
  ['link', 'file', 'second'],
  ['symlink', 'file', 'symbolic'],
  ['mkdir', 'new'],
  ['mkdir', 'private', 0o700],
  ['rename', 'second', 'third'],
  ['replace', 'third', 'second'],
  ['rmdir', 'new'],
  ['remove', 'second'],
  ['unlink', 'symbolic'],
  ['listdir', '.'],
  ['listdir'],
  ['scandir', '.'],
  ['putenv', 'OSIER_AUDIT', 'value'],
  ['unsetenv', 'OSIER_AUDIT'],
  ['listxattr', 'file'],
  ['getxattr', 'file', 'user.none'],
  ['removexattr', 'file', 'user.none'],
  ['kill', 9_999_999, 0],
  ['killpg', 9_999_999, 0],
  ['system', 'true'],
  ['execv', '/missing', ['argument']],
  ['execve', '/missing', ['argument'], { A: 'b' }],
  ['posix_spawn', '/missing', ['argument'], { A: 'b' }],
  ['walk', 'private'],
  ['fwalk', 'private'],
]

const PYTHON = `
import json, os, sys

heard = []
listening = False

def hook(event, args):
    if listening and (event == 'open' or event.startswith('os.')):
        heard.append([event, [shape(arg) for arg in args]])

def shape(value):
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {shape(key): shape(content) for key, content in value.items()}
    return value

sys.addaudithook(hook)
outcomes = []
for name, *args in json.load(sys.stdin):
    args = [tuple(arg) if name == 'utime' and isinstance(arg, list) else arg for arg in args]
    heard.clear()
    listening = True
    try:
        result = getattr(os, name)(*args)
        if name in ('walk', 'fwalk'):
            list(result)
    except OSError:
        pass
    listening = False
    outcomes.append(heard[:1])
print(json.dumps(outcomes))
`

/** A folder in which the calls find what they need. */
function prepared(): string {
  const place = mkdtempSync(join(folder, 'place-'))
  writeFileSync(join(place, 'file'), 'contents')
  return place
}

test('each event has the name and the arguments that CPython gives it', { skip: noPython }, () => {
  const theirs = askPython<unknown[]>(PYTHON, { cwd: prepared(), input: JSON.stringify(CALLS) })
  const ours = askNode<unknown[]>(`
    process.chdir(${JSON.stringify(prepared())})
    let heard = []
    os.addaudithook((event, args) => {
      heard.push([event, args.map((arg) => arg === undefined ? null : arg)])
    })
    const outcomes = []
    for (const [name, ...args] of ${JSON.stringify(CALLS)}) {
      heard = []
      try {
        const result = os[name](...args)
        if (name === 'walk' || name === 'fwalk') [...result]
      } catch (error) {
        if (!(error instanceof os.OSError)) throw error
      }
      outcomes.push(heard.slice(0, 1))
    }
    console.log(JSON.stringify(outcomes))
  `)
  const pair = (events: readonly unknown[]): unknown[] => CALLS.map((call, index) => ({ call, event: events[index] }))
  assert.deepEqual(pair(ours), pair(theirs))
})

describe('a hook', () => {
  test('that throws prevents the call, and later hooks are not called', () => {
    const outcome = askNode<unknown>(`
      const heard = []
      os.addaudithook((event) => {
        heard.push('first ' + event)
        if (event === 'os.mkdir') throw new RangeError('not here')
      })
      os.addaudithook((event) => heard.push('second ' + event))
      process.chdir(${JSON.stringify(prepared())})
      let thrown
      try { os.mkdir('made') } catch (error) { thrown = [error.name, error.message] }
      os.listdir('.')
      console.log(JSON.stringify({ heard, thrown, made: os.path.exists('made') }))
    `)
    assert.deepEqual(outcome, {
      heard: ['first sys.addaudithook', 'first os.mkdir', 'first os.listdir', 'second os.listdir'],
      thrown: ['RangeError', 'not here'],
      made: false,
    })
  })

  test('receives the events of hooks that are added later, and may refuse them; it must be a function', () => {
    const outcome = askNode<unknown>(`
      const heard = []
      os.addaudithook((event) => {
        heard.push('first ' + event)
        if (event === 'sys.addaudithook') throw new Error('no more')
      })
      let refused
      try { os.addaudithook((event) => heard.push('second ' + event)) } catch (error) { refused = error.message }
      os.listdir('/')
      let wrong
      try { os.addaudithook('hook') } catch (error) { wrong = error.code }
      console.log(JSON.stringify({ heard, refused, wrong }))
    `)
    assert.deepEqual(outcome, {
      heard: ['first sys.addaudithook', 'first os.listdir'],
      refused: 'no more',
      wrong: 'ERR_INVALID_ARG_TYPE',
    })
  })
})

describe('a subscriber of node:diagnostics_channel', () => {
  test('gets the event and its arguments until it leaves', () => {
    const place = prepared()
    const heard: unknown[] = []
    const listen = (message: unknown): void => void heard.push(message)
    subscribe('os.rename', listen)
    try {
      assert.throws(() => os.rename(join(place, 'missing'), 'b'), os.FileNotFoundError)
    } finally {
      unsubscribe('os.rename', listen)
    }
    assert.throws(() => os.rename(join(place, 'missing'), 'c'), os.FileNotFoundError)
    assert.deepEqual(heard, [{ event: 'os.rename', args: [join(place, 'missing'), 'b', -1, -1] }])
  })

  test('gets no event for a call with invalid arguments', () => {
    const heard: unknown[] = []
    const listen = (message: unknown): void => void heard.push(message)
    subscribe('os.remove', listen)
    try {
      assert.throws(() => os.remove('a\0'), RangeError)
      assert.throws(() => os.remove(5 as unknown as string), TypeError)
    } finally {
      unsubscribe('os.remove', listen)
    }
    assert.deepEqual(heard, [])
    assert.equal(channel('os.remove').hasSubscribers, false)
  })
})
