import { appendFileSync, readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { isTestProcess } from './is_test_process.ts'

/** Of a test file: the CPU time of its process and of the children that it has waited for. */
export interface CpuTime {
  readonly file: string
  readonly seconds: number
}

/** USER_HZ, which the kernel gives to all programs in the same way on x64 and arm64. */
const TICKS_PER_SECOND = 100

/** CPU time in seconds, user and system: proc_pid_stat(5), the fields 14 to 17. */
export function cpuTime(which: 'with children' | 'children' = 'with children'): number {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  // The name of the program, in parentheses, may have blanks in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15).map(Number)
  const ticks = cutime + cstime + (which === 'children' ? 0 : utime + stime)
  return ticks / TICKS_PER_SECOND
}

/** Where the runner wants it. */
const report = process.env.OSIER_TEST_CPU
if (report !== undefined && isMainThread && isTestProcess()) {
  const owner = process.pid
  process.on('exit', () => {
    if (process.pid !== owner) return
    const line: CpuTime = { file: process.argv[1] ?? '', seconds: cpuTime() }
    appendFileSync(report, `${JSON.stringify(line)}\n`)
  })
}
