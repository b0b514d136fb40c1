import { AuditEvent } from '../audit.ts'
import { badValue, wrongType } from '../errors.ts'
import { osError } from '../libc/call.ts'
import { constants, sizes, structs } from '../libc/facts.ts'
import { type CString, libc } from '../libc/functions.ts'
import { addressOf } from '../libc/memory.ts'
import type { StringArray } from '../libc/string_array.ts'
import { bool, checkOptions, cString, int, NO_OPTIONS } from './arguments.ts'
import { type FileName, fileName, type Path } from './names.ts'
import { argumentArray, type Environment, environmentArray, type Text } from './program.ts'
import { ignoredByNode, makeStandardStreamsBlock } from './standard_streams.ts'

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
  | readonly [kind: typeof POSIX_SPAWN_OPEN, fd: number, path: Path, flags: number, mode: number]
  | readonly [kind: typeof POSIX_SPAWN_CLOSE, fd: number]
  | readonly [kind: typeof POSIX_SPAWN_DUP2, fd: number, new_fd: number]
  | readonly [kind: typeof POSIX_SPAWN_CLOSEFROM, fd: number]

export interface PosixSpawnOptions {
  /** What the child does to its descriptors, in order. */
  readonly file_actions?: Iterable<FileAction> | null | undefined
  /** The child's process group: a group's id, or 0 for a new one. */
  readonly setpgroup?: number | null | undefined
  /** true: the child's effective ids are made its real ones. */
  readonly resetids?: boolean | undefined
  /** true: the child is the first of a new session. */
  readonly setsid?: boolean | undefined
  /** The signals that the child blocks; it blocks what its parent does by default. */
  readonly setsigmask?: Iterable<number> | undefined
  /** The signals that have their default action in the child. */
  readonly setsigdef?: Iterable<number> | undefined
  /** The child's scheduling: a policy (null to leave it) and its parameter. */
  readonly scheduler?: readonly [policy: number | null, param: { readonly sched_priority: number }] | null | undefined
}

const OPTIONS = ['file_actions', 'setpgroup', 'resetids', 'setsid', 'setsigmask', 'setsigdef', 'scheduler'] as const

const spawnEvent = new AuditEvent('os.posix_spawn')

// One piece of memory for all that a spawn needs, of this module alone: no call comes between its pieces.
const piece = (size: number): number => (size + 15) & ~15
const memory = Buffer.allocUnsafeSlow(4096).fill(0)
const attributes = addressOf(memory)
const actions = attributes + piece(sizes.posix_spawnattr_t)
const set = actions + piece(sizes.posix_spawn_file_actions_t)
const schedParam = set + piece(sizes.sigset_t)
const pid = schedParam + piece(structs.sched_param.size)

/** A step of the preparation, checked already; returns an error number. */
type Step = () => number

function fileActions(value: unknown): Step[] {
  if (value === undefined || value === null) return []
  if (typeof value !== 'object' || !(Symbol.iterator in value)) {
    throw wrongType('file_actions', 'an iterable of actions', value)
  }
  return Array.from(value as Iterable<unknown>, fileAction)
}

function fileAction(action: unknown): Step {
  if (!Array.isArray(action)) throw wrongType('file_actions', 'an iterable of arrays', action)
  const fd = int(action[1], 'fd', 0)
  const arity = (length: number): void => {
    if (action.length !== length) throw badValue('file_actions', `needs ${length} items in this action`, action)
  }
  switch (action[0]) {
    case POSIX_SPAWN_OPEN: {
      arity(5)
      const path = cString(fileName(action[2], 'path'), 'path')
      const [flags, mode] = [int(action[3], 'flags'), int(action[4], 'mode')]
      return () => libc.posix_spawn_file_actions_addopen(actions, fd, path, flags, mode)
    }
    case POSIX_SPAWN_CLOSE:
      arity(2)
      return () => libc.posix_spawn_file_actions_addclose(actions, fd)
    case POSIX_SPAWN_DUP2: {
      arity(3)
      const newFd = int(action[2], 'new_fd', 0)
      return () => libc.posix_spawn_file_actions_adddup2(actions, fd, newFd)
    }
    case POSIX_SPAWN_CLOSEFROM:
      arity(2)
      return () => libc.posix_spawn_file_actions_addclosefrom_np(actions, fd)
    default:
      throw badValue('file_actions', 'has an action of an unknown kind', action)
  }
}

function signals(value: unknown, name: string): number[] {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) {
    throw wrongType(name, 'an iterable of signal numbers', value)
  }
  return Array.from(value as Iterable<unknown>, (signal) => int(signal, name, 1, 64))
}

/** Puts these signals into the set. The few that the C library keeps for itself are passed over, as CPython does. */
function fillSet(numbers: readonly number[]): void {
  libc.sigemptyset(set)
  for (const signal of numbers) libc.sigaddset(set, signal)
}

function attributeSteps(options: PosixSpawnOptions): Step[] {
  const steps: Step[] = []
  let flags = 0
  const add = (flag: number, step?: Step): void => {
    flags |= flag
    if (step !== undefined) steps.push(step)
  }
  const { setpgroup, setsigmask, scheduler } = options
  if (setpgroup !== undefined && setpgroup !== null) {
    const group = int(setpgroup, 'setpgroup')
    add(constants.POSIX_SPAWN_SETPGROUP, () => libc.posix_spawnattr_setpgroup(attributes, group))
  }
  if (bool(options.resetids, 'resetids', false)) add(constants.POSIX_SPAWN_RESETIDS)
  if (bool(options.setsid, 'setsid', false)) add(constants.POSIX_SPAWN_SETSID)
  if (setsigmask !== undefined) {
    const blocked = signals(setsigmask, 'setsigmask')
    add(constants.POSIX_SPAWN_SETSIGMASK, () => {
      fillSet(blocked)
      return libc.posix_spawnattr_setsigmask(attributes, set)
    })
  }
  const defaults = [...ignoredByNode, ...signals(options.setsigdef ?? [], 'setsigdef')]
  add(constants.POSIX_SPAWN_SETSIGDEF, () => {
    fillSet(defaults)
    return libc.posix_spawnattr_setsigdefault(attributes, set)
  })
  if (scheduler !== undefined && scheduler !== null) schedulerSteps(scheduler, add)
  steps.push(() => libc.posix_spawnattr_setflags(attributes, flags))
  return steps
}

function schedulerSteps(value: unknown, add: (flag: number, step: Step) => void): void {
  if (!Array.isArray(value) || value.length !== 2)
    throw wrongType('scheduler', 'an array of policy and sched_param', value)
  const policy = value[0] === null ? null : int(value[0], 'scheduler[0]')
  const param: unknown = value[1]
  if (typeof param !== 'object' || param === null || !('sched_priority' in param)) {
    throw wrongType('scheduler[1]', 'a sched_param', param)
  }
  const priority = int(param.sched_priority, 'sched_priority')
  if (policy !== null) {
    add(constants.POSIX_SPAWN_SETSCHEDULER, () => libc.posix_spawnattr_setschedpolicy(attributes, policy))
  }
  add(constants.POSIX_SPAWN_SETSCHEDPARAM, () => {
    memory.fill(0, schedParam - attributes, schedParam - attributes + structs.sched_param.size)
    memory.writeInt32LE(priority, schedParam - attributes + structs.sched_param.offsets.sched_priority)
    return libc.posix_spawnattr_setschedparam(attributes, schedParam)
  })
}

type Start = (name: CString, argv: StringArray, envp: StringArray) => number

/** Starts a program whose arguments are checked; returns the child's process id. */
function start(spawn: Start, path: FileName, argv: StringArray, envp: StringArray, steps: readonly Step[]): number {
  const name = cString(path, 'path')
  makeStandardStreamsBlock()
  let error = libc.posix_spawnattr_init(attributes) || libc.posix_spawn_file_actions_init(actions)
  if (error !== 0) throw osError(error, 'posix_spawn', path)
  try {
    for (const step of steps) error ||= step()
    error ||= spawn(name, argv, envp)
  } finally {
    libc.posix_spawn_file_actions_destroy(actions)
    libc.posix_spawnattr_destroy(attributes)
  }
  if (error !== 0) throw osError(error, 'posix_spawn', path)
  return memory.readInt32LE(pid - attributes)
}

const atPath: Start = (name, argv, envp) => libc.posix_spawn(pid, name, actions, attributes, argv, envp)
const inPath: Start = (name, argv, envp) => libc.posix_spawnp(pid, name, actions, attributes, argv, envp)

/** Starts a program in the simplest way, for `spawn*`, `system` and `popen`. Arguments are checked by the caller. */
export function spawnProgram(
  path: FileName,
  argv: StringArray,
  envp: StringArray,
  options: PosixSpawnOptions = NO_OPTIONS,
): number {
  return start(atPath, path, argv, envp, [...fileActions(options.file_actions), ...attributeSteps(options)])
}

function checkedSpawn(spawn: Start, path: Path, argv: unknown, env: unknown, options: PosixSpawnOptions): number {
  checkOptions(options, OPTIONS)
  const program = fileName(path, 'path')
  // null means this process's; what is missing altogether was forgotten.
  if (env === undefined) throw wrongType('env', 'a Map, an object of variables, or null', env)
  const [argumentsOfIt, environment] = [argumentArray(argv, 'argv'), environmentArray(env, 'env')]
  const steps = [...fileActions(options.file_actions), ...attributeSteps(options)]
  if (spawnEvent.wanted) spawnEvent.raise(path, argv, env ?? null)
  return start(spawn, program, argumentsOfIt, environment, steps)
}

/**
 * posix_spawn(3): starts a program in a child process.
 *
 * The child has what descriptors are inheritable (none that osier opened, unless they were made so), and the signals
 * that Node ignores have their default action.
 *
 * @param path the program
 * @param argv its arguments, the first of which is the name it is known by
 * @param env its environment: a Map or an object; null for that of this process
 * @param options `file_actions`, `setpgroup`, `resetids`, `setsid`, `setsigmask`, `setsigdef`, `scheduler`
 * @returns the child's process id; wait for it (`waitpid`), or it stays as a zombie
 * @throws OSError as the system says, and there is no child then: FileNotFoundError, PermissionError, EBADF of an action,
 *   E2BIG, EINVAL of a scheduler the C library refuses
 *
 * Availability: Linux; POSIX_SPAWN_CLOSEFROM with glibc 2.34. Audit event: `os.posix_spawn` (path, argv, env). See
 * posix_spawn(3); Python, os.posix_spawn.
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
 * @param argv its arguments, the first of which is the name it is known by
 * @param env its environment: a Map or an object; null for that of this process
 * @param options as for `posix_spawn`
 * @returns the child's process id
 * @throws OSError as `posix_spawn` does
 *
 * Availability: Linux. Audit event: `os.posix_spawn` (path, argv, env). See posix_spawnp(3); Python, os.posix_spawnp.
 */
export function posix_spawnp(
  path: Path,
  argv: readonly Text[],
  env: Environment | null,
  options: PosixSpawnOptions = NO_OPTIONS,
): number {
  return checkedSpawn(inPath, path, argv, env, options)
}
