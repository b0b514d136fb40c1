import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'

/** A test that runs in a separate process, which forks. It fails by throwing. */
export type Situation = () => unknown

/** How long a child may take, in milliseconds, before it counts as hanging: no situation needs a tenth of that. */
const CHILD_TIMEOUT = 20_000

/** The exit code of a child whose checks succeeded. */
export const SUCCESS = 7

/** The exit code of a child that has printed an error. */
const FAILED = 99

/**
 * Waits for a child: its exit code, or the negative number of the signal that ended it. The child itself, which has 0
 * in place of its own id, waits here forever: the rest is for the parent.
 */
export async function ended(pid: number): Promise<number> {
  if (pid === 0) return new Promise(() => undefined)
  for (const deadline = Date.now() + CHILD_TIMEOUT; Date.now() < deadline; await sleep(3)) {
    const [found, status] = os.waitpid(pid, os.WNOHANG)
    if (found === pid) return os.waitstatus_to_exitcode(status)
  }
  os.kill(pid, 9)
  os.waitpid(pid, 0)
  throw new Error('the child hangs')
}

export async function assertSucceeds(pid: number, code: number = SUCCESS): Promise<void> {
  const actual = await ended(pid)
  if (actual !== code) throw new Error(`the child ended with ${actual} and not with ${code}`)
}

/**
 * Forks; the child does its part, and ends. Where its part takes time, the child too comes back from here: with 0, which it
 * has to give to `ended`.
 */
export function start(part: () => unknown): number {
  const pid = os.fork()
  if (pid === 0) void act(part)
  return pid
}

async function act(part: () => unknown): Promise<void> {
  try {
    await part()
  } catch (error) {
    writeSync(2, `in the child: ${error instanceof Error ? error.stack : String(error)}\n`)
    os._exit(FAILED)
  }
  process.exit(SUCCESS)
}

/** A situation in which all that happens, happens in a child. */
export function inChild(part: () => unknown): Situation {
  return () => assertSucceeds(start(part))
}

/** Garbage, enough for several collections of the young objects and one of the old. */
export function makeGarbage(count = 500_000): void {
  let kept: unknown[] = []
  for (let i = 0; i < count; i++) {
    kept.push({ i, text: `item ${i}` })
    if (kept.length > 100_000) kept = []
  }
}

/** Work that V8 optimises while it runs, on its worker threads. */
export function calculate(rounds = 5000): number {
  const polynomial = (x: number): number => {
    let sum = 0
    for (let i = 0; i < 1000; i++) sum = (sum + i * x) % 1_000_003
    return sum
  }
  let sum = 0
  for (let i = 0; i < rounds; i++) sum += polynomial(i)
  return sum
}
