import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'
import { assertSucceeds, ended, inChild, type Situation, SUCCESS, start } from './child.ts'

/** In the child, what is written to a descriptor from now on goes into the pipe whose other end the parent reads. */
async function printed(fd: number, part: () => unknown, code: number): Promise<string> {
  const [readEnd, writeEnd] = os.pipe()
  const pid = os.fork()
  if (pid === 0) {
    os.dup2(writeEnd, fd)
    part()
    // The child reaches the end of the program, so the rest of the situation must not run.
    return new Promise(() => undefined)
  }
  os.close(writeEnd)
  await assertSucceeds(pid, code)
  const text = os.read(readEnd, 10_000).toString()
  os.close(readEnd)
  return text
}

/** A child that ends by itself, not by the harness. */
async function endsWith(code: number, part: () => unknown): Promise<void> {
  const pid = os.fork()
  if (pid !== 0) return assertSucceeds(pid, code)
  part()
  return new Promise(() => undefined)
}

/** The ways in which a child ends. */
export const endings: Readonly<Record<string, Situation>> = {
  'os._exit at once': () => endsWith(SUCCESS, () => os._exit(SUCCESS)),
  'process.exit at once': inChild(() => undefined),
  'process.exit after the thread pool was used': async () => {
    await readFile('/etc/passwd')
    await inChild(() => undefined)()
  },
  'the end of the program': () => endsWith(0, () => undefined),
  'the end of the program after the thread pool was used': async () => {
    await readFile('/etc/passwd')
    await endsWith(0, () => void readFile('/etc/passwd'))
  },
  'the end of the program, with process.exitCode': () =>
    endsWith(SUCCESS, () => {
      process.exitCode = SUCCESS
    }),
  'the end of the program, when the last timer has run': () =>
    endsWith(SUCCESS, () => {
      setTimeout(() => {
        process.exitCode = SUCCESS
      }, 20)
    }),
  "'beforeExit' may prolong": () =>
    endsWith(SUCCESS, () => {
      let rounds = 0
      process.on('beforeExit', () => {
        rounds += 1
        if (rounds < 4) setTimeout(() => undefined, 1)
        else process.exitCode = SUCCESS
      })
    }),
  "'exit' handlers run, those of the parent first, and may change the code": async () => {
    const [parent, order] = [process.pid, [] as string[]]
    process.on('exit', (code) => {
      if (process.pid !== parent) order.push(`inherited ${code}`)
    })
    const text = await printed(
      1,
      () => {
        process.on('exit', (code) => {
          writeSync(1, [...order, `own ${code}`].join(', '))
          process.exitCode = SUCCESS
        })
        setImmediate(() => process.exit(3))
      },
      SUCCESS,
    )
    assert.equal(text, 'inherited 3, own 3')
  },
  'an uncaught error is printed, and the exit code is 1': async () => {
    const part = (): unknown => setImmediate(() => raise('not caught'))
    const text = await printed(2, part, 1)
    assert.match(text, /^Uncaught Error: not caught\n {4}at /)
  },
  'an uncaught error after the thread pool was used is printed too': async () => {
    await readFile('/etc/passwd')
    assert.match(
      await printed(2, () => setImmediate(() => raise('not caught either')), 1),
      /^Uncaught Error: not caught either\n/,
    )
  },
  "an error that 'uncaughtException' handles ends nothing": () =>
    endsWith(SUCCESS, () => {
      process.on('uncaughtException', () => setTimeout(() => process.exit(SUCCESS), 10))
      setImmediate(() => raise('handled'))
    }),
  'an unhandled rejection is printed, and the exit code is 1': async () => {
    const text = await printed(2, () => void Promise.reject(new Error('not handled')), 1)
    assert.match(text, /not handled/)
  },
  'abort ends by SIGABRT': async () => {
    const pid = start(() => {
      os.abort()
    })
    assert.equal(await ended(pid), -6)
  },
  'a signal ends it': async () => {
    const pid = start(() => sleep(30_000))
    // kill(0) would signal the whole process group, including the test runner.
    if (pid > 0) os.kill(pid, 15)
    await assertSucceeds(pid, -15)
  },
  'another program takes its place': () =>
    endsWith(SUCCESS, () => os.execv('/bin/sh', ['sh', '-c', `exit ${SUCCESS}`])),
  'both sides print': async () => {
    const [readEnd, writeEnd] = os.pipe()
    const pid = os.fork()
    if (pid === 0) {
      os.dup2(writeEnd, 1)
      os.dup2(writeEnd, 2)
      console.log('the child prints')
      console.error('the child complains')
      process.exit(SUCCESS)
    }
    os.close(writeEnd)
    console.log('the parent prints')
    console.error('the parent complains')
    await assertSucceeds(pid)
    assert.equal(os.read(readEnd, 1000).toString(), 'the child prints\nthe child complains\n')
    os.close(readEnd)
  },
}

function raise(message: string): never {
  throw new Error(message)
}
