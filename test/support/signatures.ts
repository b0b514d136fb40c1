import { join } from 'node:path'
import * as os from 'osier'
import { type Declared, DIST, declarationsOf, type Parameter } from '../../tools/declarations/functions.ts'
import { type Kind, kinds } from './kinds.ts'

/**
 * What each function takes, by its declaration. The kind of a parameter (see kinds.ts) follows from its type, or from its
 * type and its name together; where a function has a parameter of another kind than others with its type and name,
 * `exceptions` says so.
 */
export interface Signature {
  readonly positional: readonly SignatureParameter[]
  readonly named: readonly SignatureParameter[]
}

export interface SignatureParameter {
  readonly name: string
  readonly kind: Kind
  readonly isOptional: boolean
  readonly isByPositionOnly: boolean
}

/** The kind of every parameter of a type; or of those of the type that have one of these names. */
const kindsByType: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {
  '() => void': 'function',
  '(...args: never[]) => unknown': 'function',
  "'r' | 'rb' | 'rt' | 'w' | 'wb' | 'wt'": 'word',
  ArrayBufferView: 'data',
  'AuditHook | URL': 'hook',
  'bigint | number': {
    int64: 'offset position length len',
    count: 'count n',
    device: 'device',
    uint64: 'value',
  },
  'BinaryMode | TextMode': 'word',
  boolean: 'bool',
  Descriptor: 'fd',
  'Descriptor | Path': 'fileOrFd',
  'Descriptor | Path | null': 'xattrPath',
  'Descriptor | null': 'dirFd',
  Environment: 'environment',
  'Environment | null': 'environment',
  FileName: 'user',
  'Iterable<FileAction> | null | readonly (FileAction | readonly number[])[]': 'fileActions',
  'Iterable<number>': { numbers: 'groups mask setsigdef setsigmask' },
  'BytesPath | ListableDirectory | TextDirectory': 'listed',
  Newline: 'wordOrNull',
  'null | number': 'intOrNull',
  'null | string': 'wordOrNull',
  'null | readonly [policy: number | null, param: { readonly sched_priority: number; }]': 'scheduler',
  number: {
    int: `advice cmd code fd_high fd_low flags idtype increment mode nstype oflag options pg pgid pgrp pid policy
      priority sched_priority sig status whence which`,
    devicePart: 'major minor',
    uint32: 'initval',
    integer: 'id who',
    id: 'egid euid gid group rgid ruid sgid suid uid',
    clock: 'clockid',
    buffering: 'buffering',
  },
  Offset: 'offset',
  Path: {
    file: 'old path src',
    missing: 'dst file new',
    attribute: 'attribute',
    command: 'cmd command',
    variable: 'key value',
  },
  'BytesPath | Path | TextPath': { link: 'path', folder: 'top' },
  T: { anything: 'default' },
  'TimePair<number | bigint>': 'times',
  'TimePair<number | bigint> | null': 'times',
  'WalkErrorHandler | null': 'handler',
  'readonly ArrayBufferView[]': 'buffers',
  'readonly Text[]': 'args',
  sched_param: 'schedParam',
  string: { key: 'key' },
  Uint8Array: { keyBytes: 'key' },
}

/** The functions and parameters of a kind that does not follow from the type and the name. */
const exceptions: Readonly<Record<string, string>> = {
  closed: 'close.fd',
  confstr: 'confstr.name',
  empty: 'removedirs.name rmdir.path',
  errorClass: 'suppress.classes',
  function: 'suppress.fn',
  file: 'memfd_create.name',
  folder: 'chroot.path',
  folderFd: 'fchdir.fd',
  folderOrFd: 'chdir.path',
  int: '_exit.n umask.mask',
  int64: 'timerfd_settime_ns.initial timerfd_settime_ns.interval',
  integer: 'getrandom.size',
  missing: `execl.path execle.path execv.path makedirs.name mkdir.path mkfifo.path mknod.path posix_spawn.path
    posix_spawnp.path spawnl.path spawnle.path spawnv.path spawnve.path`,
  name: 'fsdecode.filename fsencode.filename fspath.path',
  nonNegativeFd: `eventfd_read.fd eventfd_write.fd fdatasync.fd fdopen.fd fpathconf.fd fsync.fd grantpt.fd login_tty.fd
    ptsname.fd setns.fd timerfd_gettime.fd timerfd_gettime_ns.fd timerfd_settime.fd timerfd_settime_ns.fd unlockpt.fd`,
  pathconf: 'fpathconf.name pathconf.name',
  seconds: 'timerfd_settime.initial timerfd_settime.interval',
  sequence: `stat_result.sequence statvfs_result.sequence struct_rusage.sequence terminal_size.sequence
    times_result.sequence uname_result.sequence waitid_result.sequence`,
  size: 'urandom.size',
  sysconf: 'sysconf.name',
  uint32: 'statx.mask',
  uintFlags: 'memfd_create.flags pidfd_open.flags splice.flags tee.flags vmsplice.flags',
}

/** Optional parameters that are not options at the same time: an object in their place is a value. */
const byPositionOnly: readonly string[] = [
  'getenv.default',
  'getenvb.default',
  'get_exec_path.env',
  'get_terminal_size.fd',
]

/** Classes that are not for a program to construct. */
export const internalClasses: Readonly<Record<string, string>> = {
  AsyncScandirIterator: 'promises.scandir makes them',
  BinaryFile: 'fdopen makes them',
  CommandFile: 'popen makes them',
  DirEntry: 'scandir makes them',
  PathLike: 'is abstract',
  ScandirIterator: 'scandir makes them',
  statx_result: 'statx makes them',
  TextFile: 'fdopen makes them',
  VfsFile: 'open of a file system makes them',
}

/** The functions of `os` that this platform has, and the classes that are for a program to construct. */
export function publicFunctions(): Declared[] {
  return declarationsOf().filter(({ name }) => {
    const value: unknown = (os as Readonly<Record<string, unknown>>)[name]
    if (typeof value !== 'function' || value.prototype instanceof Error || name in internalClasses) return false
    return os.is_available(value as () => unknown)
  })
}

/** Each parameter on its own: the strings behind a program, and the environment behind those of `execle`. */
function split(parameter: Parameter): Parameter[] {
  const [, env] = /^readonly \[\.\.\.Text\[\], (\w+)\]$/.exec(parameter.type) ?? []
  return env === undefined ? [parameter] : [parameter, { name: 'env', type: env, isRest: false }]
}

function kindOf(name: string, parameter: Parameter): string | undefined {
  const exception = Object.entries(exceptions).find(([, list]) =>
    list.split(/\s+/).includes(`${name}.${parameter.name}`),
  )
  if (exception !== undefined) return exception[0]
  if (parameter.isRest) return 'text'
  const kind = kindsByType[parameter.type]
  if (typeof kind !== 'object') return kind
  return Object.entries(kind).find(([, list]) => list.split(/\s+/).includes(parameter.name))?.[0]
}

/** A function's parameters; or what to do about those that have no kind. */
export function signatureOf({ name, positional, required, named }: Declared): Signature | string[] {
  const complaints: string[] = []
  const withKind = (parameter: Parameter, isOptional: boolean): SignatureParameter => {
    const kind = kinds[kindOf(name, parameter) ?? '']
    if (kind === undefined) {
      complaints.push(
        `${name}.${parameter.name}: say in test/support/signatures.ts of which kind it is: in kindsByType, for all ` +
          `parameters "${parameter.name}" of the type ${parameter.type}, or in exceptions, for this one`,
      )
    }
    const isByPositionOnly = byPositionOnly.includes(`${name}.${parameter.name}`)
    return { name: parameter.name, kind: kind ?? { good: () => undefined, accepts: [] }, isOptional, isByPositionOnly }
  }
  const signature = {
    positional: positional.flatMap((parameter, index) =>
      split(parameter).map((one) => withKind(one, index >= required && !parameter.isRest)),
    ),
    named: named.map((one) => withKind(one, true)),
  }
  return complaints.length > 0 ? complaints : signature
}

/** What to do about the parameters of these functions that have no kind. */
export function kindsUnstated(functions: readonly Declared[]): string[] {
  return functions.flatMap((one) => {
    const signature = signatureOf(one)
    return Array.isArray(signature) ? signature : []
  })
}

/** What to do about exceptions for parameters that these functions do not have. */
export function kindsWithoutNeed(functions: readonly Declared[]): string[] {
  const parameters = functions.flatMap(({ name, positional, named }) =>
    [...positional, ...named].map((parameter) => `${name}.${parameter.name}`),
  )
  return [...Object.values(exceptions).flatMap((list) => list.split(/\s+/)), ...byPositionOnly]
    .filter((one) => !parameters.includes(one))
    .map((one) => `${one}: take it out of test/support/signatures.ts, there is no such parameter`)
}

/** Functions of `os.promises` that wait for other processes, or for what others write: those that take `ref`. */
export const waiting: ReadonlySet<string> = new Set(
  declarationsOf(join(DIST, 'promises.d.ts'))
    .filter(({ isClass, text }) => !isClass && /\bWaitOptions\b/.test(text))
    .map(({ name }) => name),
)
