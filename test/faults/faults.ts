/** Makes the calls of `calls.ts` in processes with a fault, several processes at a time. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { syscalls } from '../../src/libc/facts.ts'
import { noNamespaces } from '../support/namespaces.ts'
import type { Report } from './report.ts'

/** System calls that the calls make, or could make, except those that every program needs to run and to report. */
const failing: readonly string[] = (
  'chdir clone clone3 close_range copy_file_range dup3 eventfd2 execve faccessat faccessat2 fallocate fchdir fchmod ' +
  'fchmodat fchmodat2 fchownat fcntl fgetxattr flistxattr fremovexattr fsetxattr fstatfs getdents64 getrandom ' +
  'getxattr ioctl kill lgetxattr linkat listxattr llistxattr lremovexattr lseek lsetxattr memfd_create mkdirat ' +
  'mknodat newfstatat openat pidfd_open pipe2 pread64 preadv preadv2 prlimit64 pwrite64 pwritev pwritev2 readlinkat ' +
  'removexattr renameat renameat2 rt_sigprocmask sched_getparam sched_getscheduler sched_setscheduler sendfile ' +
  'setxattr splice statx symlinkat tee timerfd_create timerfd_gettime timerfd_settime truncate unlinkat unshare ' +
  'utimensat vmsplice wait4 waitid'
).split(' ')

/** Other faults, with the errors that they may cause. */
export interface Situation {
  readonly name: string
  readonly fault: string
  readonly allowed: readonly string[]
  /** Whether it needs a mount namespace. */
  readonly mounts?: boolean
}

export const situations: readonly Situation[] = [
  { name: 'a signal every 0.2 ms, whose handler interrupts calls (EINTR)', fault: 'storm', allowed: [] },
  // dup2(2) fails with EBADF for a number beyond the limit.
  { name: 'no free descriptor (RLIMIT_NOFILE)', fault: 'descriptors', allowed: ['EMFILE', 'EBADF'] },
  // The engine's own error if it cannot allocate a Buffer.
  { name: 'no more than 64 MiB of memory left (RLIMIT_AS)', fault: 'memory', allowed: ['ENOMEM', 'RangeError'] },
  { name: 'the disk is full, and has no inodes left', fault: 'disk', allowed: ['ENOSPC'], mounts: true },
  { name: 'the current directory is deleted', fault: 'cwd', allowed: ['ENOENT'] },
  { name: '/proc is not mounted', fault: 'proc', allowed: ['ENOENT'], mounts: true },
]

const program = fileURLToPath(new URL('under_fault.js', import.meta.url))

/**
 * The report by system call; a text if the process failed.
 *
 * @param isWanted selects the failing system calls by index
 */
export async function failSyscalls(
  isWanted: (index: number) => boolean = () => true,
): Promise<Map<string, Report | string>> {
  const known = failing.filter((name, index) => Object.hasOwn(syscalls, name) && isWanted(index))
  return await runAll(known.map((name) => [name, ['syscall', name]] as const))
}

/** By name of the situation, without situations that are impossible on this machine. */
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

/** As root of a user namespace, for any user. */
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
