import { isMainThread } from 'node:worker_threads'
import { AuditEvent } from '../../audit.ts'
import { sharedState } from '../../copies.ts'
import { NotImplementedError, refusePromise, wrongType } from '../../errors.ts'
import { constants, target } from '../../libc/facts.ts'
import { forkProcess, terminalOfChild } from '../../libc/fork/attempt.ts'
import { forgetThreads, settleThreads } from '../../libc/fork/threads.ts'
import { libc } from '../../libc/functions.ts'
import { isNode } from '../../libc/node.ts'
import { checkOptions, NO_OPTIONS } from '../arguments/options.ts'
import { collectInheritedState, dropInheritedState, EMPTY_STATE, warmUpChild } from './forked_process.ts'

/** Functions to be called around each fork. */
export interface AtFork {
  /** Called before the fork, in reverse order of registration. */
  readonly before?: (() => void) | undefined
  /** Called in the parent after the fork. */
  readonly after_in_parent?: (() => void) | undefined
  /** Called in the child after the fork. */
  readonly after_in_child?: (() => void) | undefined
}

const KINDS = ['before', 'after_in_parent', 'after_in_child'] as const

/** Of all copies of this package. */
const shared = sharedState(
  'fork.v1',
  (): { isForking: boolean; hooks: Record<(typeof KINDS)[number], (() => void)[]> } => ({
    isForking: false,
    hooks: { before: [], after_in_parent: [], after_in_child: [] },
  }),
)
const { hooks } = shared

const forkEvent = new AuditEvent('os.fork')
const forkptyEvent = new AuditEvent('os.forkpty')

/**
 * Registers functions to be called before and after each `fork` and `forkpty`. They cannot be unregistered. An error
 * that one of them throws is emitted as a warning, and the fork continues.
 *
 * @param functions `before`, `after_in_parent`, `after_in_child`: at least one
 * @throws TypeError if none is given, or if one is not a function
 *
 * Availability: Linux. See Python, os.register_at_fork.
 * @example
 * ```ts
 * const order: string[] = []
 * os.register_at_fork({
 *   before: () => order.push('before'),
 *   after_in_parent: () => order.push('after'),
 *   after_in_child: () => os._exit(0),
 * })
 * os.waitpid(os.fork(), 0)[1] // => 0
 * order // => ['before', 'after']
 * ```
 */
export function register_at_fork(functions: AtFork = NO_OPTIONS): void {
  const checked = checkOptions(functions, KINDS)
  const given = KINDS.filter((kind) => checked[kind] !== undefined)
  if (given.length === 0) throw wrongType('functions', 'an object with at least one function', functions)
  for (const kind of given) {
    if (typeof checked[kind] !== 'function') throw wrongType(kind, 'a function', checked[kind])
  }
  for (const kind of given) hooks[kind].push(checked[kind] as () => void)
}

function call(functions: readonly (() => void)[]): void {
  for (const hook of functions) {
    try {
      refusePromise(hook(), 'functions')
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

function forkWith(name: string, event: AuditEvent, withTerminal: boolean): number {
  if (!isNode) throw new NotImplementedError(`os.${name}() needs Node: no other runtime survives fork(2)`)
  // In musl a waiter of a condition variable sleeps on a futex on its own stack (src/thread/pthread_cond_timedwait.c),
  // so V8's worker threads cannot be recognised by the address that they sleep on.
  if (target?.endsWith('musl')) throw new NotImplementedError(`os.${name}() needs the GNU C library`)
  if (!isMainThread) throw new NotImplementedError(`os.${name}() works in the main thread only: a child has no other`)
  if (shared.isForking)
    throw Object.assign(new Error(`os.${name}() was called by what register_at_fork has registered`), {
      code: 'ERR_INVALID_STATE',
    })
  if (event.wanted) event.raise()
  shared.isForking = true
  try {
    call([...hooks.before].reverse())
    const hasOtherThreads = settleThreads()
    const inherited = collectInheritedState()
    warmUpChild(inherited)
    const { after_in_child, after_in_parent } = hooks
    const pid = forkProcess(withTerminal)
    const isChild = pid === 0
    forgetThreads(isChild)
    dropInheritedState(isChild ? inherited : EMPTY_STATE, isChild)
    call(isChild ? after_in_child : after_in_parent)
    if (hasOtherThreads && !isChild) warnOfThreads()
    return pid
  } finally {
    shared.isForking = false
  }
}

/**
 * The same warning as CPython's: a thread that does not exist in the child may have held a lock that the child needs.
 */
function warnOfThreads(): void {
  process.emitWarning(
    `This process (pid=${process.pid}) has worker threads, or threads that osier does not know, which are not in the child of os.fork()`,
    'DeprecationWarning',
  )
}

/**
 * fork(2): creates a child process that is a copy of this process. Both continue in JavaScript after the call.
 *
 * The child has a copy of this process's memory (SharedArrayBuffers are copied too), its open descriptors, its timers,
 * servers and pending promises. It has no other threads: no worker threads, and no work that libuv's thread pool was
 * doing. It does not go on reading the input that this process was reading. `docs/fork.md` lists what to consider.
 *
 * @returns 0 in the child; in the parent the child's process id, which has to be waited for
 * @throws OSError EAGAIN if the limit of processes and threads is reached, or if V8's threads or worker threads do not
 *   become idle; EMFILE; ENOMEM; EACCES in a process that has given up root
 * @throws NotImplementedError in Bun, in Deno, in worker threads, with musl, and in a build of Node whose internals are
 *   not as expected
 *
 * Availability: Linux with glibc, with Node 20 or newer. Audit event: `os.fork`. See fork(2); Python, os.fork.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * const child = os.fork()
 * if (child === 0) {
 *   os.write(w, Buffer.from(`hello from ${process.pid}`))
 *   os._exit(7)
 * }
 * os.close(w)
 * os.read(r, 100).toString() // => `hello from ${child}`
 * os.close(r)
 * os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) // => 7
 * ```
 */
export function fork(): number {
  return forkWith('fork', forkEvent, false)
}

/**
 * forkpty(3): creates a child as `fork` does, in a new session with a new pseudo-terminal as its standard input, output
 * and error.
 *
 * @returns [0, -1] in the child; in the parent the child's process id and the descriptor of the pseudo-terminal's
 *   master end, which is close-on-exec
 * @throws OSError, NotImplementedError as `fork` does
 *
 * Availability: Linux with glibc, with Node 20 or newer. Audit event: `os.forkpty`. See forkpty(3); Python, os.forkpty.
 * @example
 * ```ts
 * const [child, terminal] = os.forkpty()
 * if (child === 0) os.execl('/bin/sh', 'sh', '-c', 'tty > /dev/null && echo on a terminal')
 * os.read(terminal, 100).toString() // => 'on a terminal\r\n'
 * os.waitpid(child, 0)[1] // => 0
 * os.close(terminal)
 * ```
 */
export function forkpty(): [pid: number, fd: number] {
  const pid = forkWith('forkpty', forkptyEvent, true)
  if (pid === 0) return [0, -1]
  return [pid, lowestCopy(terminalOfChild())]
}

/** Gives a descriptor the lowest number that is free, as if it had just been opened, and has no child inherit it. */
function lowestCopy(fd: number): number {
  const copy = libc.fcntl(fd, constants.F_DUPFD_CLOEXEC, 0)
  if (copy !== -1 && copy < fd) {
    libc.close(fd)
    return copy
  }
  if (copy !== -1) libc.close(copy)
  libc.fcntl(fd, constants.F_SETFD, constants.FD_CLOEXEC)
  return fd
}
