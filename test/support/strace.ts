import { spawnSync } from 'node:child_process'
import { foreignCalls } from './emulation.ts'

const probe = spawnSync('strace', ['-o', '/dev/null', 'true'], { encoding: 'utf8' })

/** For a test's `skip`: why system calls cannot be counted here, or false. */
export const noStrace: string | false =
  probe.status === 0 ? foreignCalls : `no strace that may trace: ${(probe.stderr || String(probe.error)).trim()}`

/** A line of this text on standard output marks the start and the end of the traced calls. */
const MARK = 'osier-trace-mark'

/**
 * The system calls that a program's main thread makes between `begin()` and `end()`, one a line as strace writes them:
 * `name(arguments) = result`.
 */
export function traced(program: string): string[] {
  const module = `
    import os from '${import.meta.resolve('osier')}'
    import { writeSync } from 'node:fs'
    const begin = () => { writeSync(1, '${MARK}') }
    const end = begin
    ${program}`
  const args = ['-qq', '-s', '64', process.execPath, '--input-type=module', '-e', module]
  const child = spawnSync('strace', args, { encoding: 'utf8', maxBuffer: 256 * 2 ** 20, timeout: 60_000 })
  if (child.status !== 0) throw new Error(`strace failed: ${child.stderr.slice(-2000)}${child.error ?? ''}`)
  const lines = child.stderr.split('\n')
  const [from, to] = [lines.findIndex(isMark), lines.findLastIndex(isMark)]
  if (from === to) throw new Error('begin() and end() left no two marks')
  return lines.slice(from + 1, to).filter((line) => !isHousekeeping(line))
}

function isMark(line: string): boolean {
  return line.startsWith('write(1') && line.includes(MARK)
}

/** System calls that V8 makes at any moment, for memory and its threads. */
function isHousekeeping(line: string): boolean {
  return /^(mmap|munmap|mprotect|madvise|futex|brk|mremap|getpid|rt_sig\w+|---|sched_yield)\b/.test(line)
}
