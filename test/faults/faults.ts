/** Makes the calls of `calls.ts` in processes where something is wrong, several processes at a time. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { syscalls } from '../../src/libc/facts.ts'
import { noNamespaces } from '../support/namespaces.ts'
import type { Report } from './report.ts'

/** Those that the calls make on the way, or could. What every program needs to go on and to report is not among them. */
const failing: readonly string[] = (
  'chdir clone clone3 close_range copy_file_range dup3 eventfd2 execve faccessat faccessat2 fallocate fchdir fchmod ' +
  'fchmodat fchmodat2 fchownat fcntl fgetxattr flistxattr fremovexattr fsetxattr fstatfs getdents64 getrandom ' +
  'getxattr ioctl kill lgetxattr linkat listxattr llistxattr lremovexattr lseek lsetxattr memfd_create mkdirat ' +
  'mknodat newfstatat openat pidfd_open pipe2 pread64 preadv preadv2 prlimit64 pwrite64 pwritev pwritev2 readlinkat ' +
  'removexattr renameat renameat2 rt_sigprocmask sched_getparam sched_getscheduler sched_setscheduler sendfile ' +
  'setxattr splice statx symlinkat tee timerfd_create timerfd_gettime timerfd_settime truncate unlinkat unshare ' +
  'utimensat vmsplice wait4 waitid'
).split(' ')

/** What else can be wrong, with the errors that it may cause. */
export interface Situation {
  readonly name: string
  readonly fault: string
  readonly allowed: readonly string[]
  /** Whether it takes a mount namespace. */
  readonly mounts?: boolean
}

export const situations: readonly Situation[] = [
  { name: 'a signal every 0.2 ms, whose handler interrupts calls (EINTR)', fault: 'storm', allowed: [] },
  // EBADF is what dup2(2) says of a number beyond the limit.
  { name: 'no free descriptor (RLIMIT_NOFILE)', fault: 'descriptors', allowed: ['EMFILE', 'EBADF'] },
  // The engine's own error where it cannot make a Buffer.
  { name: 'no more than 64 MiB of memory left (RLIMIT_AS)', fault: 'memory', allowed: ['ENOMEM', 'RangeError'] },
  { name: 'the disk is full, and has no inodes left', fault: 'disk', allowed: ['ENOSPC'], mounts: true },
  { name: 'the current directory is deleted', fault: 'cwd', allowed: ['ENOENT'] },
  { name: '/proc is not mounted', fault: 'proc', allowed: ['ENOENT'], mounts: true },
]

const program = fileURLToPath(new URL('under_fault.js', import.meta.url))

/**
 * By system call what happened; a text where the process did not come to its end.
 *
 * @param isWanted which of the system calls fail, by their places in the list
 */
export async function failSyscalls(
  isWanted: (index: number) => boolean = () => true,
): Promise<Map<string, Report | string>> {
  const known = failing.filter((name, index) => Object.hasOwn(syscalls, name) && isWanted(index))
  return await runAll(known.map((name) => [name, ['syscall', name]] as const))
}

/** By name of the situation; without those that need more than can be had here. */
export async function makeSituations(): Promise<Map<string, Report | string>> {
  const possible = situations.filter(({ mounts }) => mounts !== true || noNamespaces === false)
  return await runAll(possible.map(({ name, fault, mounts }) => [name, [fault], mounts === true] as const))
}

type Job = readonly [name: string, args: readonly string[], mounts?: boolean]

async function runAll(jobs: readonly Job[]): Promise<Map<string, Report | string>> {
  const reports = new Map<string, Report | string>()
  const left = jobs.values()
  const worker = async (): Promise<void> => {
    for (const [name, args, mounts] of left) reports.set(name, await runOne(args, mounts === true))
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return new Map(jobs.map(([name]) => [name, reports.get(name) ?? 'not run']))
}

/** Root of a user namespace, whoever runs this. */
const UNSHARE = ['unshare', '--user', '--map-root-user', '--mount']

async function runOne(args: readonly string[], mounts: boolean): Promise<Report | string> {
  const folder = mkdtempSync(join(tmpdir(), 'osier-fault-'))
  const [command = '', ...rest] = [...(mounts ? UNSHARE : []), process.execPath, program, folder, ...args]
  try {
    return await new Promise((resolve) => {
      execFile(command, rest, { cwd: folder, timeout: 60_000, maxBuffer: 1 << 22 }, (error, stdout, stderr) => {
        resolve(error === null ? (JSON.parse(stdout) as Report) : `${error.message}${stderr}`)
      })
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
