import { sched_param } from 'osier'
import type { Sort } from './hostile_values.ts'

/** What a parameter takes, and what it refuses: for the tests that give each function what it should not get. */

/** What is there for the taking in the folder that is the current one during the tests. */
export interface Place {
  readonly fd: number
  readonly folderFd: number
}

const OBJECT: readonly Sort[] = ['array', 'bytes', 'view', 'url', 'pathlike', 'descriptor', 'other']

export interface Kind {
  /** A good value. */
  readonly good: (place: Place) => unknown
  /** For the system: a NUL, and a surrogate that stands for no byte, are refused before that is asked. */
  readonly isPath?: boolean
  readonly accepts: readonly Sort[]
  /** Looked into, whatever it is, so that the engine may refuse it. */
  readonly isAnyObject?: boolean
  /** Which numbers are refused before the system is asked; none, where it is left out. */
  readonly refuses?: (value: number | bigint) => boolean
}

const PATH: readonly Sort[] = ['string', 'bytes', 'url', 'pathlike']
const DESCRIPTOR: readonly Sort[] = ['number', 'descriptor']

function outside(min: number | bigint, max: number | bigint): (value: number | bigint) => boolean {
  return (value) => (typeof value === 'number' && !Number.isSafeInteger(value)) || value < min || value > max
}

const notInt = outside(-(2 ** 31), 2 ** 31 - 1)

function path(name: string): Kind {
  return { good: () => name, isPath: true, accepts: PATH }
}

function pathOrFd(name: string): Kind {
  return { good: () => name, isPath: true, accepts: [...PATH, ...DESCRIPTOR], refuses: notInt }
}

export const kinds: Readonly<Record<string, Kind>> = {
  // A file, its folder (which holds a file), an empty folder, a symbolic link to the file, a name that is free.
  file: path('file'),
  folder: path('folder'),
  empty: path('empty'),
  link: path('link'),
  missing: path('missing'),
  // What only has to be a name: a NUL is no worse than another character.
  name: { good: () => 'file', accepts: PATH },
  fileOrFd: pathOrFd('file'),
  folderOrFd: pathOrFd('folder'),
  listed: { ...pathOrFd('folder'), accepts: ['null', ...PATH, ...DESCRIPTOR] },
  xattrPath: { ...pathOrFd('file'), accepts: ['null', ...PATH, ...DESCRIPTOR] },

  fd: { good: ({ fd }) => fd, accepts: DESCRIPTOR, refuses: notInt },
  // Where -1 is refused before the system is asked.
  nonNegativeFd: { good: ({ fd }) => fd, accepts: DESCRIPTOR, refuses: outside(0, 2 ** 31 - 1) },
  folderFd: { good: ({ folderFd }) => folderFd, accepts: DESCRIPTOR, refuses: outside(0, 2 ** 31 - 1) },
  // One that is not open: closing it is refused by the system.
  closed: { good: () => 1000, accepts: DESCRIPTOR, refuses: notInt },
  dirFd: { good: () => null, accepts: ['null', ...DESCRIPTOR], refuses: notInt },

  int: { good: () => 0, accepts: ['number'], refuses: notInt },
  intOrNull: { good: () => null, accepts: ['null', 'number'], refuses: notInt },
  uintFlags: { good: () => 0, accepts: ['number'], refuses: outside(-(2 ** 31), 2 ** 32 - 1) },
  uint32: { good: () => 0, accepts: ['number'], refuses: outside(0, 2 ** 32 - 1) },
  integer: { good: () => 0, accepts: ['number'], refuses: outside(-(2 ** 53), 2 ** 53) },
  id: { good: () => -1, accepts: ['number'], refuses: outside(-1, 2 ** 32 - 1) },
  size: { good: () => 10, accepts: ['number'], refuses: outside(0, 2 ** 53 - 1) },
  count: { good: () => 10, accepts: ['number', 'bigint'], refuses: outside(0, 2n ** 63n - 1n) },
  int64: { good: () => 0, accepts: ['number', 'bigint'], refuses: outside(-(2n ** 63n), 2n ** 63n - 1n) },
  uint64: { good: () => 0, accepts: ['number', 'bigint'], refuses: outside(0, 2n ** 64n - 1n) },
  // -1 is no device.
  device: { good: () => 0, accepts: ['number', 'bigint'], refuses: outside(-1, 2n ** 64n - 1n) },
  devicePart: { good: () => 0, accepts: ['number'], refuses: outside(-1, 2 ** 32 - 1) },
  offset: {
    good: () => null,
    accepts: ['undefined', 'null', 'number', 'bigint'],
    refuses: outside(-(2n ** 63n), 2n ** 63n - 1n),
  },
  clock: { good: () => 1, accepts: ['number'], refuses: notInt },
  seconds: { good: () => 0, accepts: ['number'], refuses: (value) => !Number.isFinite(value) },
  bool: { good: () => false, accepts: ['boolean'] },

  data: { good: () => Buffer.from('data'), accepts: ['bytes', 'view'] },
  buffers: { good: () => [Buffer.from('data')], accepts: ['array'] },
  function: { good: () => () => undefined, accepts: ['function'] },
  hook: { good: () => () => undefined, accepts: ['function', 'url'] },
  errorClass: { good: () => Error, accepts: ['function'] },
  handler: { good: () => null, accepts: ['function', 'null'] },
  times: { good: () => undefined, accepts: ['null'] },
  sequence: { good: () => [...Array(10).keys()], accepts: OBJECT, isAnyObject: true },
  numbers: { good: () => [0], accepts: OBJECT, isAnyObject: true },
  schedParam: { good: () => new sched_param(0), accepts: [] },

  pathconf: { good: () => 'PC_NAME_MAX', accepts: ['string', 'number'], refuses: notInt },
  sysconf: { good: () => 'SC_PAGESIZE', accepts: ['string', 'number'], refuses: notInt },
  confstr: { good: () => 'CS_PATH', accepts: ['string', 'number'], refuses: notInt },

  variable: { good: () => 'OSIER_TEST', isPath: true, accepts: PATH },
  // Only looked up.
  key: { good: () => 'OSIER_TEST', accepts: ['string'] },
  keyBytes: { good: () => Buffer.from('OSIER_TEST'), accepts: ['bytes'] },
  anything: {
    good: () => undefined,
    accepts: ['undefined', 'null', 'boolean', 'number', 'bigint', 'string', 'function', ...OBJECT],
    isAnyObject: true,
  },
  attribute: { good: () => 'user.test', isPath: true, accepts: PATH },
  user: { good: () => 'root', isPath: true, accepts: PATH },
  text: { good: () => 'argument', isPath: true, accepts: PATH },
  buffering: { good: () => -1, accepts: ['number'], refuses: outside(-1, 2 ** 31 - 1) },
  word: { good: () => 'r', accepts: ['string'] },
  wordOrNull: { good: () => null, accepts: ['string', 'null'] },
  command: { good: () => 'true', isPath: true, accepts: PATH },
  args: { good: () => ['argument'], accepts: ['array'] },
  fileActions: { good: () => null, accepts: ['null', ...OBJECT], isAnyObject: true },
  scheduler: { good: () => null, accepts: ['null', ...OBJECT], isAnyObject: true },
  environment: { good: () => ({ PATH: '/missing' }), accepts: ['null', ...OBJECT], isAnyObject: true },
}
