import { AuditEvent } from '../../audit.ts'
import { OSError, wrongType } from '../../errors.ts'
import { copyFromBun } from '../../libc/bun_environment.ts'
import { osError } from '../../libc/call.ts'
import { constants, sizes, structs } from '../../libc/facts.ts'
import { type Address, type CString, libc, type StringArray } from '../../libc/functions.ts'
import { addressOf, ownMemory } from '../../libc/memory.ts'
import { readBlocked } from '../../libc/signals.ts'
import { STANDARD_STREAMS } from '../../libc/standard_streams.ts'
import { type Descriptor, descriptor } from '../arguments/descriptors.ts'
import { bool, int } from '../arguments/numbers.ts'
import { checkOptions, NO_OPTIONS } from '../arguments/options.ts'
import { auditedPath, cString, type FileName, fileName, type Path } from '../arguments/paths.ts'
import type { Environment, Text } from '../process_parameters/variables.ts'

import { BLOCKED_BY_NODE, ignoredByNode, prepareStandardStreams } from './node_changes.ts'
import { checkedArguments, checkedEnvironment, inheritedEnvironment } from './program.ts'

/** Action of `posix_spawn`: [POSIX_SPAWN_OPEN, fd, path, flags, mode] opens a file as descriptor `fd`. */
export const POSIX_SPAWN_OPEN = 0
/** Action of `posix_spawn`: [POSIX_SPAWN_CLOSE, fd] closes a descriptor. */
export const POSIX_SPAWN_CLOSE = 1
/** Action of `posix_spawn`: [POSIX_SPAWN_DUP2, fd, new_fd] makes `new_fd` a copy of `fd`. */
export const POSIX_SPAWN_DUP2 = 2
/** Action of `posix_spawn`: [POSIX_SPAWN_CLOSEFROM, fd] closes `fd` and all above it. */
export const POSIX_SPAWN_CLOSEFROM = 3

/** What the child does to its descriptors before the program starts, in order. */
export type FileAction =
  | readonly [kind: typeof POSIX_SPAWN_OPEN, fd: Descriptor, path: Path, flags: number, mode: number]
  | readonly [kind: typeof POSIX_SPAWN_CLOSE, fd: Descriptor]
  | readonly [kind: typeof POSIX_SPAWN_DUP2, fd: Descriptor, new_fd: Descriptor]
  | readonly [kind: typeof POSIX_SPAWN_CLOSEFROM, fd: Descriptor]

export interface PosixSpawnOptions {
  /**
   * What the child does to its descriptors, in order: a `FileAction[]`. An array of arrays of numbers fits, too, as
   * TypeScript infers it for a variable without a type.
   */
  readonly file_actions?: readonly (FileAction | readonly number[])[] | Iterable<FileAction> | null | undefined
  /** The child's process group: a group's id, or 0 for a new one. */
  readonly setpgroup?: number | null | undefined
  /** true: the child's effective ids are made its real ones. */
  readonly resetids?: boolean | undefined
  /** true: the child is the leader of a new session. */
  readonly setsid?: boolean | undefined
  /** The signals that the child blocks; by default those that the parent blocks. */
  readonly setsigmask?: Iterable<number> | undefined
  /** The signals that have their default action in the child. */
  readonly setsigdef?: Iterable<number> | undefined
  /** The child's scheduling: a policy (null keeps the parent's) and its parameter. */
  readonly scheduler?: readonly [policy: number | null, param: { readonly sched_priority: number }] | null | undefined
}

const OPTIONS = ['file_actions', 'setpgroup', 'resetids', 'setsid', 'setsigmask', 'setsigdef', 'scheduler'] as const

const spawnEvent = new AuditEvent('os.posix_spawn')

// One allocation for all structures of a spawn. Only this module uses it, so that no other call overwrites it between
// the steps.
const align16 = (size: number): number => (size + 15) & ~15
const memory = ownMemory(4096)
const attributes = addressOf(memory)
const actions = attributes + align16(sizes.posix_spawnattr_t)
const set = actions + align16(sizes.posix_spawn_file_actions_t)
const schedParam = set + align16(sizes.sigset_t)
const pid = schedParam + align16(structs.sched_param.size)

/** A call that prepares the spawn, with checked arguments; returns an error number. */
type Step = () => number

/** The checked options of a spawn. */
interface Plan {
  readonly actions: readonly Step[]
  readonly attributes: readonly Step[]
  /** The standard streams that the child inherits. */
  readonly streams: readonly number[]
}

/** The plan of a spawn without options. */
const DEFAULT_PLAN: Plan = { actions: [], attributes: attributeSteps(NO_OPTIONS), streams: STANDARD_STREAMS }

function plan(options: PosixSpawnOptions): Plan {
  if (options === NO_OPTIONS) return DEFAULT_PLAN
  const checked = fileActions(options.file_actions)
  return {
    actions: checked.map(({ step }) => step),
    attributes: attributeSteps(options),
    streams: STANDARD_STREAMS.filter((fd) => !replaces(checked, fd)),
  }
}

interface CheckedAction {
  readonly step: Step
  /** The descriptor that the action copies, and the one that it opens or closes. */
  readonly from?: number
  readonly to: number
}

function fileActions(value: unknown): CheckedAction[] {
  if (value === undefined || value === null) return []
  if (typeof value !== 'object' || !(Symbol.iterator in value)) {
    throw wrongType('file_actions', 'an iterable of actions', value)
  }
  return Array.from(value as Iterable<unknown>, fileAction)
}

function fileAction(action: unknown): CheckedAction {
  if (!Array.isArray(action)) throw wrongType('file_actions', 'an iterable of arrays', action)
  const [kind, first, second, third, fourth] = action as unknown[]
  const check = (length: number): number => {
    if (action.length !== length)
      throw wrongType('file_actions', `an iterable of arrays, this one of ${length} items`, action)
    return descriptor(first, 'file_actions: fd')
  }
  switch (kind) {
    case POSIX_SPAWN_OPEN: {
      const to = check(5)
      const path = cString(fileName(second, 'file_actions: path'), 'file_actions: path')
      const [flags, mode] = [int(third, 'file_actions: flags'), int(fourth, 'file_actions: mode')]
      return { to, step: () => libc.posix_spawn_file_actions_addopen(actions, to, path, flags, mode) }
    }
    case POSIX_SPAWN_CLOSE: {
      const to = check(2)
      return { to, step: () => libc.posix_spawn_file_actions_addclose(actions, to) }
    }
    case POSIX_SPAWN_DUP2: {
      const from = check(3)
      const to = descriptor(second, 'file_actions: new_fd')
      return { from, to, step: () => libc.posix_spawn_file_actions_adddup2(actions, from, to) }
    }
    case POSIX_SPAWN_CLOSEFROM: {
      const to = check(2)
      return { to, step: () => libc.posix_spawn_file_actions_addclosefrom_np(actions, to) }
    }
    default:
      throw wrongType('file_actions', 'an iterable of arrays that begin with POSIX_SPAWN_*', action)
  }
}

/** Whether the child gets another file in place of this descriptor, and no copy of it either. */
function replaces(checked: readonly CheckedAction[], fd: number): boolean {
  return checked.some(({ to }) => to === fd) && !checked.some(({ from }) => from === fd)
}

function signals(value: unknown, name: string): number[] {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) {
    throw wrongType(name, 'an iterable of signal numbers', value)
  }
  return Array.from(value as Iterable<unknown>, (signal) => int(signal, name, 1, constants.NSIG - 1))
}

/** Fills the signal set. The signals that the C library reserves are skipped, as in CPython. */
function fillSet(numbers: Iterable<number>): void {
  libc.sigemptyset(set)
  for (const signal of numbers) libc.sigaddset(set, signal)
}

type AddStep = (flag: number, step?: Step) => void

function attributeSteps(options: PosixSpawnOptions): Step[] {
  const steps: Step[] = []
  let flags = 0
  const add: AddStep = (flag, step) => {
    flags |= flag
    if (step !== undefined) steps.push(step)
  }
  const { setpgroup, setsigmask, setsigdef, scheduler } = options
  if (setpgroup !== undefined && setpgroup !== null) {
    const group = int(setpgroup, 'setpgroup')
    add(constants.POSIX_SPAWN_SETPGROUP, () => libc.posix_spawnattr_setpgroup(attributes, group))
  }
  if (bool(options.resetids, 'resetids', false)) add(constants.POSIX_SPAWN_RESETIDS)
  if (bool(options.setsid, 'setsid', false)) add(constants.POSIX_SPAWN_SETSID)
  const blocked = setsigmask === undefined ? undefined : signals(setsigmask, 'setsigmask')
  add(constants.POSIX_SPAWN_SETSIGMASK, () => {
    if (blocked !== undefined) fillSet(blocked)
    else {
      readBlocked(set)
      libc.sigdelset(set, BLOCKED_BY_NODE)
    }
    return libc.posix_spawnattr_setsigmask(attributes, set)
  })
  const defaults = setsigdef === undefined ? [] : signals(setsigdef, 'setsigdef')
  add(constants.POSIX_SPAWN_SETSIGDEF, () => {
    fillSet([...ignoredByNode, ...defaults])
    return libc.posix_spawnattr_setsigdefault(attributes, set)
  })
  if (scheduler !== undefined && scheduler !== null) schedulerSteps(scheduler, add)
  return [...steps, () => libc.posix_spawnattr_setflags(attributes, flags)]
}

function schedulerSteps(value: unknown, add: AddStep): void {
  if (!Array.isArray(value) || value.length !== 2)
    throw wrongType('scheduler', 'an array of policy and sched_param', value)
  const [policy, param] = value as unknown[]
  if (typeof param !== 'object' || param === null || !('sched_priority' in param)) {
    throw wrongType('scheduler: param', 'a sched_param', param)
  }
  const priority = int(param.sched_priority, 'scheduler: sched_priority')
  if (policy !== null) {
    const number = int(policy, 'scheduler: policy')
    add(constants.POSIX_SPAWN_SETSCHEDULER, () => libc.posix_spawnattr_setschedpolicy(attributes, number))
  }
  add(constants.POSIX_SPAWN_SETSCHEDPARAM, () => {
    memory.fill(0, schedParam - attributes, schedParam - attributes + structs.sched_param.size)
    memory.writeInt32LE(priority, schedParam - attributes + structs.sched_param.offsets.sched_priority)
    return libc.posix_spawnattr_setschedparam(attributes, schedParam)
  })
}

type Start = (name: CString, actions: Address, argv: StringArray, envp: StringArray) => number

const atPath: Start = (name, todo, argv, envp) => libc.posix_spawn(pid, name, todo, attributes, argv, envp)
const inPath: Start = (name, todo, argv, envp) => {
  copyFromBun()
  return libc.posix_spawnp(pid, name, todo, attributes, argv, envp)
}

/** The checked program and its arguments. */
interface Program {
  /** The path as it was given. */
  readonly path: FileName
  readonly name: CString
  readonly argv: StringArray
  /** null: the environment of this process. */
  readonly env: StringArray | null
}

/** Starts a program with checked arguments; returns the child's process id. */
function start(spawn: Start, { path, name, argv, env }: Program, plan: Plan): number {
  const restoreStreams = prepareStandardStreams(plan.streams)
  let hasStarted = false
  let error = libc.posix_spawnattr_init(attributes)
  try {
    for (const step of plan.attributes) error ||= step()
    error ||= withActions(plan.actions, (todo) => spawn(name, todo, argv, env ?? inheritedEnvironment()))
    hasStarted = error === 0
  } finally {
    libc.posix_spawnattr_destroy(attributes)
    // A child that has started uses the streams until it ends.
    if (!hasStarted) restoreStreams()
  }
  if (error !== 0) throw osError(error, 'posix_spawn', path)
  return memory.readInt32LE(pid - attributes)
}

/** Calls `spawn` with the address of the file actions; 0 if there are none. */
function withActions(steps: readonly Step[], spawn: (actions: Address) => number): number {
  if (steps.length === 0) return spawn(0)
  let error = libc.posix_spawn_file_actions_init(actions)
  if (error !== 0) return error
  try {
    for (const step of steps) error ||= step()
    return error || spawn(actions)
  } finally {
    libc.posix_spawn_file_actions_destroy(actions)
  }
}

/** Starts a program for `spawn*`, `system` and `popen`, which have checked the arguments. */
export function spawnProgram(
  path: FileName,
  argv: StringArray,
  env: StringArray | null,
  options: PosixSpawnOptions = NO_OPTIONS,
): number {
  return start(atPath, { path, name: cString(path, 'path'), argv, env }, plan(options))
}

/** Errors that mean that no child process can be created, rather than that the program cannot be run. */
const NO_CHILD_CODES: readonly string[] = ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']

/** Whether an error is about the program: in CPython the child process would fail with it, not the parent. */
function isProgramError(error: unknown): boolean {
  return error instanceof OSError && !NO_CHILD_CODES.includes(error.code)
}

/** Returns the result of `start`, or that of `fallback` if the program cannot be run. */
export function startOr<T>(start: () => number, fallback: () => T): number | T {
  try {
    return start()
  } catch (error) {
    if (isProgramError(error)) return fallback()
    throw error
  }
}

function checkedSpawn(spawn: Start, path: Path, argv: unknown, env: unknown, options: PosixSpawnOptions): number {
  const wanted = checkOptions(options, OPTIONS)
  // null means this process's environment; undefined means that the argument is missing.
  if (env === undefined) throw wrongType('env', 'a Map, an object of variables, or null', env)
  const file = fileName(path, 'path')
  const name = cString(file, 'path')
  const [args, environment] = [checkedArguments(argv, 'argv'), checkedEnvironment(env, 'env')]
  const checked = plan(wanted)
  if (spawnEvent.wanted) spawnEvent.raise(auditedPath(file, name), args.audited, environment.audited)
  return start(spawn, { path: file, name, argv: args.strings, env: environment.strings }, checked)
}

/**
 * posix_spawn(3): starts a program in a child process.
 *
 * The child inherits the inheritable descriptors: 0 to 2, and those that were made inheritable (descriptors that osier
 * opens are not). The signals that Node ignores have their default action in the child.
 *
 * @param path the program
 * @param argv its arguments; argv[0] is the program's name as the program sees it
 * @param env its environment: a Map or an object; null for this process's environment
 * @param options `file_actions`, `setpgroup`, `resetids`, `setsid`, `setsigmask`, `setsigdef`, `scheduler`
 * @returns the child's process id; wait for it (`waitpid`), or it stays as a zombie
 * @throws OSError as the system reports, and no child is left: FileNotFoundError, PermissionError, ENOEXEC (neither an
 *   executable nor a `#!` script), EBADF from an action, E2BIG, EINVAL for a scheduler that the C library refuses
 *
 * Availability: Linux; POSIX_SPAWN_CLOSEFROM with glibc 2.34. Audit event: `os.posix_spawn` (path, argv, env). See
 * posix_spawn(3); Python, os.posix_spawn.
 * @example
 * ```ts
 * const log = os.open('log', os.O_RDWR | os.O_CREAT)
 * const child = os.posix_spawn('/bin/echo', ['echo', 'hello'], os.environ, {
 *   file_actions: [[os.POSIX_SPAWN_DUP2, log, 1]],
 * })
 * os.waitpid(child, 0) // => [child, 0]
 * os.pread(log, 100, 0) // => Buffer.from('hello\n')
 * os.close(log)
 * ```
 */
export function posix_spawn(
  path: Path,
  argv: readonly Text[],
  env: Environment | null,
  options: PosixSpawnOptions = NO_OPTIONS,
): number {
  return checkedSpawn(atPath, path, argv, env, options)
}

/**
 * posix_spawnp(3): starts a program, which is searched for in this process's `PATH`, in a child process. See
 * `posix_spawn`.
 *
 * @param path the program's name; one with a slash is not searched for
 * @param argv its arguments; argv[0] is the program's name as the program sees it
 * @param env its environment: a Map or an object; null for this process's environment
 * @param options as for `posix_spawn`
 * @returns the child's process id
 * @throws OSError as `posix_spawn` does
 *
 * Availability: Linux. Audit event: `os.posix_spawn` (path, argv, env). See posix_spawnp(3); Python, os.posix_spawnp.
 * @example
 * ```ts
 * const child = os.posix_spawnp('sh', ['sh', '-c', 'exit 3'], null)
 * os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) // => 3
 * ```
 */
export function posix_spawnp(
  path: Path,
  argv: readonly Text[],
  env: Environment | null,
  options: PosixSpawnOptions = NO_OPTIONS,
): number {
  return checkedSpawn(inPath, path, argv, env, options)
}
