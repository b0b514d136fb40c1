import { isMainThread } from 'node:worker_threads'
import { AuditEvent } from '../../audit.ts'
import { NotImplementedError, wrongType } from '../../errors.ts'
import { constants, target } from '../../libc/facts.ts'
import { forkProcess, terminalOfChild } from '../../libc/fork/attempt.ts'
import { forgetThreads, settleThreads } from '../../libc/fork/threads.ts'
import { libc } from '../../libc/functions.ts'
import { isNode } from '../../libc/node.ts'
import { checkOptions, NO_OPTIONS } from '../arguments/options.ts'
import { becomeChild, collectInheritedState, EMPTY_STATE, rehearseChild } from './forked_process.ts'

/** Functions to be called around each fork. */
export interface AtFork {
  /** Called before, the last registered first. */
  readonly before?: (() => void) | undefined
  /** Called in the parent, after. */
  readonly after_in_parent?: (() => void) | undefined
  /** Called in the child, after. */
  readonly after_in_child?: (() => void) | undefined
}

const KINDS = ['before', 'after_in_parent', 'after_in_child'] as const

const hooks: Record<(typeof KINDS)[number], (() => void)[]> = { before: [], after_in_parent: [], after_in_child: [] }

const forkEvent = new AuditEvent('os.fork')
const forkptyEvent = new AuditEvent('os.forkpty')

/**
 * Has functions called around each `fork` and `forkpty`. They cannot be taken back. What they throw becomes a warning,
 * and the fork goes on.
 *
 * @param functions `before`, `after_in_parent`, `after_in_child`: at least one
 * @throws TypeError where none is given, or something that is no function
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
  checkOptions(functions, KINDS)
  const given = KINDS.filter((kind) => functions[kind] !== undefined)
  if (given.length === 0) throw wrongType('functions', 'an object with at least one function', functions)
  for (const kind of given) {
    if (typeof functions[kind] !== 'function') throw wrongType(kind, 'a function', functions[kind])
  }
  for (const kind of given) hooks[kind].push(functions[kind] as () => void)
}

function call(functions: readonly (() => void)[]): void {
  for (const hook of functions) {
    try {
      hook()
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

/** Whether a fork is under way: one of the functions around it may ask for another. */
let isForking = false

function forkWith(name: string, event: AuditEvent, withTerminal: boolean): number {
  if (!isNode) throw new NotImplementedError(`os.${name}() needs Node: no other runtime survives fork(2)`)
  // musl's condition variables lie on the stacks of those who wait, so V8's workers cannot be told by what they sleep
  // on.
  if (target?.endsWith('musl')) throw new NotImplementedError(`os.${name}() needs the GNU C library`)
  if (!isMainThread) throw new NotImplementedError(`os.${name}() works in the main thread only: a child has no other`)
  if (isForking)
    throw Object.assign(new Error(`os.${name}() was called by what register_at_fork has registered`), {
      code: 'ERR_INVALID_STATE',
    })
  if (event.wanted) event.raise()
  isForking = true
  try {
    call([...hooks.before].reverse())
    const hasOtherThreads = settleThreads()
    const had = collectInheritedState()
    rehearseChild(had)
    const { after_in_child, after_in_parent } = hooks
    const pid = forkProcess(withTerminal)
    const isChild = pid === 0
    forgetThreads(isChild)
    becomeChild(isChild ? had : EMPTY_STATE, isChild)
    call(isChild ? after_in_child : after_in_parent)
    if (hasOtherThreads && !isChild) warnOfThreads()
    return pid
  } finally {
    isForking = false
  }
}

/** As CPython warns: a thread that is not in the child may have held a lock that the child needs. */
function warnOfThreads(): void {
  process.emitWarning(
    `This process (pid=${process.pid}) has worker threads, or threads that osier does not know, which are not in the child of os.fork()`,
    'DeprecationWarning',
  )
}

/**
 * fork(2): makes a child that is a copy of this process. Both go on in JavaScript, from here.
 *
 * The child has this process's memory as it is now (SharedArrayBuffers included: a copy), its open descriptors, its
 * timers, servers and pending promises, and no other threads: no worker threads, and nothing of what was going on in
 * libuv's pool. It reads no input by itself that this process was reading. `docs/fork.md` tells what to mind.
 *
 * @returns 0 in the child; in the parent the child's process id, to be waited for
 * @throws OSError EAGAIN where there may be no more processes and threads, or V8's threads or worker threads do not
 *   rest; EMFILE; ENOMEM; EACCES in a process that was root's and has become another user's
 * @throws NotImplementedError in Bun, in Deno, in worker threads, with musl, and in a build of Node that is not as it
 *   is known
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
 * forkpty(3): makes a child as `fork` does, in a new session with a new terminal, which is its standard input, output
 * and error.
 *
 * @returns [0, -1] in the child; in the parent the child's process id and the descriptor of the terminal's other end,
 *   which children do not inherit
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
  const fd = terminalOfChild()
  libc.fcntl(fd, constants.F_SETFD, constants.FD_CLOEXEC)
  return [pid, fd]
}
