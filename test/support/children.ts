import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import os from 'osier'
import { isOpen } from './open_files.ts'

/** Waits for the end of a child: its exit code, or the negative number of the signal that ended it. */
export function exitCode(pid: number): number {
  const [waited, status] = os.waitpid(pid, 0)
  assert.equal(waited, pid)
  return os.waitstatus_to_exitcode(status)
}

/** A child that ends when its standard input does. */
export function childOnStdin(status = 0): { readonly pid: number; release(): void } {
  const [r, w] = os.pipe()
  const pid = os.posix_spawn('/bin/sh', ['sh', '-c', `read line; exit ${status}`], null, {
    file_actions: [[os.POSIX_SPAWN_DUP2, r, 0]],
  })
  os.close(r)
  return { pid, release: () => os.close(w) }
}

/** The output of a child to the descriptor that is passed to `start`; the child must exit with 0. */
export function outputOf(start: (fd: number) => number): string {
  const [r, w] = os.pipe()
  const chunks: Buffer[] = []
  try {
    const pid = start(w)
    os.close(w)
    for (let chunk = os.read(r, 65536); chunk.length > 0; chunk = os.read(r, 65536)) chunks.push(Buffer.from(chunk))
    assert.equal(exitCode(pid), 0)
  } catch (error) {
    if (isOpen(w)) os.close(w)
    throw error
  } finally {
    os.close(r)
  }
  return Buffer.concat(chunks).toString()
}

/** All children of this process, including zombies. */
export function children(): number[] {
  return readdirSync('/proc/self/task')
    .flatMap((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'latin1').split(' '))
    .filter(Boolean)
    .map(Number)
}

/** The fields of /proc/PID/stat, counted as in proc(5), without the first two. */
export function processFields(pid: number): {
  state: string
  parent: number
  group: number
  session: number
  policy: number
} {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const number = (place: number): number => Number(fields[place - 3])
  return { state: String(fields[0]), parent: number(4), group: number(5), session: number(6), policy: number(41) }
}
