import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import os from 'osier'
import { libc } from '../../src/libc/functions.ts'

/** Whether a promise is still pending after some turns of the event loop. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = (): void => {
    settled = true
  }
  promise.then(note, note)
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  return !settled
}

/** Runs a test on a pipe, and closes what it has left open. */
export async function withPipe(run: (r: number, w: number) => Promise<void>, flags = 0): Promise<void> {
  const ends = os.pipe2(flags | os.O_CLOEXEC)
  const [r, w] = ends
  try {
    await run(r, w)
  } finally {
    for (const fd of ends) closeQuietly(fd)
  }
}

/** Closes a descriptor that may be closed already. */
export function closeQuietly(fd: number): void {
  try {
    os.close(fd)
  } catch (error) {
    assert.ok(error instanceof os.OSError)
  }
}

/** Closes a descriptor as `fs.closeSync` and native add-ons do: this package does not learn of it. */
export function closeUnheard(fd: number): void {
  assert.equal(libc.close(fd), 0)
}

/** The number of threads of this process. */
export function threads(): number {
  return os.listdir('/proc/self/task').length
}

/** The number of threads after libuv has started its pool, which it does at the first call on it. */
export async function threadsAtRest(): Promise<number> {
  await os.promises.stat('/')
  return threads()
}
