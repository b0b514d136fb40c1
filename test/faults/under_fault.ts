/**
 * Arguments: a folder and a fault. Makes all calls without the fault, then again under the fault, and prints the
 * outcomes. Faults cannot be undone, so each has its own process. All errors of one system call share a process, since
 * the latest of several filters takes precedence.
 */

import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmdirSync, writeSync } from 'node:fs'
import koffi from 'koffi'
import os from 'osier'
import { constants, type syscalls } from '../../src/libc/facts.ts'
import { isOfCache } from '../support/open_files.ts'
import { forbid } from '../support/seccomp.ts'
import { calls, close, open, prepare } from './calls.ts'
import { type ErrorName, errors, type Outcomes, type Report } from './report.ts'

const [folder = '', fault = '', syscall = ''] = process.argv.slice(2)
const libc = koffi.load(null)
const dup = libc.func('int dup(int)')
const closeFd = libc.func('int close(int)')
const wait4 = libc.func('int wait4(int, void *, int, void *)')
const waitid = libc.func('int waitid(int, unsigned int, void *, int, void *)')
const setrlimit = libc.func('int setrlimit(int, void *)')
const setitimer = libc.func('int setitimer(int, void *, void *)')
const siginterrupt = libc.func('int siginterrupt(int, int)')

/** The lowest free descriptor: higher than before if a descriptor was leaked. Uses a call that never fails here. */
function lowestFree(): number {
  const fd = dup(2)
  if (fd !== -1) closeFd(fd)
  return fd
}

/** Whether a descriptor is leaked. The engine's other threads open some for moments, to read about the machine. */
function isLeft(free: number): boolean {
  for (let tries = 0; tries < 50; tries++) {
    if (lowestFree() <= free || isOfCache(free)) return false
    Atomics.wait(sleeping, 0, 0, 2)
  }
  return true
}

const sleeping = new Int32Array(new SharedArrayBuffer(4))

/** Whether there is a child that has not been waited for; waits for it. */
function hasChild(): boolean {
  const information = Buffer.alloc(128)
  if (syscall !== 'wait4') return wait4(-1, null, constants.WNOHANG, null) > 0
  const options = constants.WEXITED | constants.WNOHANG
  return waitid(constants.P_ALL, 0, information, options, null) === 0 && information.readInt32LE() !== 0
}

function attempt(call: () => unknown): string {
  try {
    return JSON.stringify(call() ?? null)
  } catch (error) {
    if (error instanceof os.OSError) return error.code
    return error instanceof Error ? error.name : 'no error'
  }
}

function makeAll(at: string, fds: ReturnType<typeof open>): Outcomes {
  const outcomes: Record<string, string> = {}
  for (const [name, call] of Object.entries(calls)) {
    const free = lowestFree()
    outcomes[name] = attempt(() => call(at, fds))
    if (isLeft(free)) outcomes[name] += ', and a descriptor is left open'
    // If wait4(2) or waitid(2) fails, a child cannot be reaped.
    if (hasChild() && !/^wait/.test(syscall)) outcomes[name] += ', and a child is left behind'
  }
  return outcomes
}

/** Faults other than failing system calls: each prepares the fault, and returns the function that causes it. */
const others: Readonly<Record<string, (place: string) => void>> = {
  storm: () => {
    process.on('SIGALRM', () => undefined)
    siginterrupt(14, 1)
    setitimer(0, new BigInt64Array([0n, 200n, 0n, 200n]), null)
  },
  descriptors: () => {
    // A soft limit: no descriptor is free below it.
    setrlimit(constants.RLIMIT_NOFILE, new BigUint64Array([BigInt(lowestFree()), 4096n]))
  },
  memory: () => {
    const pages = Number(os.fsdecode(readSmall('/proc/self/statm')).split(' ', 1)[0])
    // The engine aborts the process if it cannot allocate memory for itself.
    const limit = BigInt(pages) * 4096n + 2n ** 26n
    setrlimit(constants.RLIMIT_AS, new BigUint64Array([limit, limit]))
  },
  cwd: (place) => {
    mkdirSync(`${place}/deleted`)
    os.chdir(`${place}/deleted`)
    rmdirSync(`${place}/deleted`)
  },
  proc: () => {
    execFileSync('mount', ['-t', 'tmpfs', 'none', '/proc'])
  },
  disk: (place) => {
    const fd = openSync(`${place}/../filling`, 'w')
    try {
      for (;;) writeSync(fd, Buffer.alloc(4096))
    } catch {
      // The disk is full.
    }
    try {
      for (let i = 0; ; i++) closeSync(openSync(`${place}/../filling-${i}`, 'w'))
    } catch {
      // No inodes are left.
    }
    closeSync(fd)
  },
}

function readSmall(path: string): Buffer {
  const fd = os.open(path, os.O_RDONLY)
  const content = os.read(fd, 4096)
  os.close(fd)
  return content
}

if (fault === 'disk') execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,nr_inodes=100', 'none', folder])
const names = fault === 'syscall' ? (Object.keys(errors) as ErrorName[]) : [fault]
const places = ['usual', ...names].map((name) => `${folder}/${name}`)
for (const place of places) prepare(place)
const opened = places.map(open)
const outcomes = places.map((place, index) => {
  if (index > 0 && fault === 'syscall') forbid(syscall as keyof typeof syscalls, errors[names[index - 1] as ErrorName])
  else if (index > 0) others[fault]?.(place)
  return makeAll(place, opened[index] as ReturnType<typeof open>)
})
const [usual = {}, ...faults] = outcomes
const report: Report = { usual, faults: Object.fromEntries(faults.map((each, index) => [names[index], each])) }
writeSync(1, JSON.stringify(report))
for (const fds of opened) close(fds)
// Node's exit may need the failing call.
os._exit(0)
