import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import { MessageChannel } from 'node:worker_threads'
import * as os from 'osier'

/** Values that no function should be given, and what each of them is. */

/** What a value is to the functions of this package. */
export type Sort =
  | 'undefined'
  | 'null'
  | 'boolean'
  | 'number'
  | 'bigint'
  | 'string'
  | 'bytes'
  | 'view'
  | 'url'
  | 'pathlike'
  | 'descriptor'
  | 'function'
  | 'array'
  | 'other'

export interface TestValue {
  readonly name: string
  readonly sort: Sort
  readonly value: unknown
  /**
   * What is wrong with it although its sort is right: a NUL or a surrogate that no byte stands for, in a path; 'type' for
   * what is refused as if it were of another sort, because of what it answers or since its memory is gone; 'hostile' for
   * what throws by itself, or makes the engine throw.
   */
  readonly flaw?: 'NUL' | 'surrogate' | 'type' | 'hostile'
  /** The number of a descriptor that is an object. */
  readonly fd?: number
}

/** Thrown by the traps and getters of hostile values. */
export class HostileError extends Error {}

function throwHostileError(): never {
  throw new HostileError('thrown by a getter, a trap or a method of the caller')
}

/** More than the kernel takes as one argument (128 KiB), and than koffi has for the strings of a call (2 MiB). */
const HUGE = 3 * 2 ** 20

/** What `view` makes of memory that a structured clone takes away afterwards. */
function detached<T>(view: (buffer: ArrayBuffer) => T): T {
  const buffer = new ArrayBuffer(8)
  const result = view(buffer)
  structuredClone(buffer, { transfer: [buffer] })
  return result
}

interface Resizable extends ArrayBuffer {
  resize(size: number): void
}

type ResizableConstructor = new (size: number, options: { maxByteLength: number }) => Resizable

/** A view that follows the length of its buffer, filled with `text`. */
function tracking(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  const buffer = new (ArrayBuffer as unknown as ResizableConstructor)(bytes.length, { maxByteLength: 4096 })
  const view = new Uint8Array(buffer)
  view.set(bytes)
  return view
}

/** A view whose buffer has shrunk below it. */
function outOfBounds<T>(view: (buffer: ArrayBuffer) => T): T {
  const buffer = new (ArrayBuffer as unknown as ResizableConstructor)(16, { maxByteLength: 16 })
  const result = view(buffer)
  buffer.resize(2)
  return result
}

function shared(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  const view = new Uint8Array(new SharedArrayBuffer(bytes.length))
  view.set(bytes)
  return view
}

/** Bytes that lie about themselves. */
function lying(text: string, properties: Record<string, unknown>): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(text))
  for (const [name, value] of Object.entries(properties)) Object.defineProperty(bytes, name, { value })
  return bytes
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

const throwingTraps: ProxyHandler<object> = {
  get: throwHostileError,
  has: throwHostileError,
  ownKeys: throwHostileError,
  getPrototypeOf: throwHostileError,
  getOwnPropertyDescriptor: throwHostileError,
}

function pathLike(answer: () => unknown): os.PathLike {
  return { __fspath__: answer } as os.PathLike
}

/** A PathLike that uses the module while it is asked for its path. */
export function reentrant(path: string, folder: string): os.PathLike {
  return pathLike(() => {
    os.stat(folder)
    os.statvfs(folder)
    os.listdir(folder)
    for (const _ of os.walk(folder));
    os.getcwd()
    os.utime(folder, { ns: [1n, 2n] })
    os.access('missing', os.R_OK)
    return path
  })
}

/**
 * @param outside a file that must not be touched: what a path with a NUL names, up to the NUL
 * @param file a file that may be touched, and its folder
 */
export function hostileValues(outside: string, file: string, folder: string): TestValue[] {
  return [
    ...simple(),
    ...numbers(),
    ...texts(outside),
    ...bytes(outside, file),
    ...views(),
    ...pathLikes(outside, file, folder),
    ...descriptors(),
    ...objects(),
  ]
}

function simple(): TestValue[] {
  return [
    { name: 'undefined', sort: 'undefined', value: undefined },
    { name: 'null', sort: 'null', value: null },
    { name: 'true', sort: 'boolean', value: true },
    { name: 'false', sort: 'boolean', value: false },
    { name: 'a symbol', sort: 'other', value: Symbol('test') },
    { name: 'a well-known symbol', sort: 'other', value: Symbol.iterator },
    { name: 'a function', sort: 'function', value: () => undefined },
    { name: 'a function that throws', sort: 'function', value: throwHostileError },
    { name: 'a class', sort: 'function', value: class Unknown {} },
  ]
}

function numbers(): TestValue[] {
  const ordinary = [-1, -0, 1000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 63, 2 ** 64]
  const odd = [Number.NaN, 0.5, -0.5, 1e300, Number.MIN_VALUE, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const negative = [-(2 ** 31), -(2 ** 31) - 1, -(2 ** 63)]
  const large = [-1n, 5n, 2n ** 31n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n, -(2n ** 63n) - 1n, 10n ** 30n]
  return [
    ...[...ordinary, ...odd, ...negative].map(
      (value): TestValue => ({ name: Object.is(value, -0) ? '-0' : String(value), sort: 'number', value }),
    ),
    ...large.map((value): TestValue => ({ name: `${value}n`, sort: 'bigint', value })),
    { name: 'a Number object', sort: 'other', value: Object(5) },
    { name: 'a BigInt object', sort: 'other', value: Object(5n) },
  ]
}

function texts(outside: string): TestValue[] {
  return [
    { name: 'no text', sort: 'string', value: '' },
    { name: 'a number as text', sort: 'string', value: '5' },
    { name: 'NUL', sort: 'string', value: '\0', flaw: 'NUL' },
    { name: 'NUL at the start', sort: 'string', value: `\0${outside}`, flaw: 'NUL' },
    { name: 'NUL in the middle', sort: 'string', value: `${outside}\0.txt`, flaw: 'NUL' },
    { name: 'NUL at the end', sort: 'string', value: `${outside}\0`, flaw: 'NUL' },
    { name: 'NUL after a lone surrogate', sort: 'string', value: `\udcff${outside}\0`, flaw: 'NUL' },
    { name: 'a high surrogate alone', sort: 'string', value: 'a\ud800b', flaw: 'surrogate' },
    { name: 'a low surrogate below DC80', sort: 'string', value: '\udc7f', flaw: 'surrogate' },
    { name: 'a low surrogate above DCFF', sort: 'string', value: '\udd00', flaw: 'surrogate' },
    { name: 'surrogates in the wrong order', sort: 'string', value: '\ude00\ud83d', flaw: 'surrogate' },
    { name: 'a byte that is not UTF-8', sort: 'string', value: '\udcff' },
    { name: 'a name that is too long', sort: 'string', value: 'x'.repeat(256) },
    { name: 'huge text', sort: 'string', value: 'x'.repeat(HUGE) },
    { name: 'long text with a lone surrogate', sort: 'string', value: `${'x'.repeat(100_000)}\udcff` },
    { name: 'a deep path', sort: 'string', value: 'd/'.repeat(100_000) },
    { name: 'a String object', sort: 'other', value: Object('file') },
  ]
}

function bytes(outside: string, file: string): TestValue[] {
  const name = Buffer.from(outside)
  const NUL = Buffer.of(0)
  return [
    { name: 'no bytes', sort: 'bytes', value: new Uint8Array() },
    { name: 'bytes, NUL', sort: 'bytes', value: NUL, flaw: 'NUL' },
    { name: 'bytes, NUL at the start', sort: 'bytes', value: Buffer.concat([NUL, name]), flaw: 'NUL' },
    { name: 'bytes, NUL in the middle', sort: 'bytes', value: Buffer.concat([name, NUL, name]), flaw: 'NUL' },
    { name: 'bytes, NUL at the end', sort: 'bytes', value: Uint8Array.from([...name, 0]), flaw: 'NUL' },
    { name: 'bytes that are not UTF-8', sort: 'bytes', value: Buffer.of(0xff, 0xed, 0xa0, 0x80) },
    { name: 'huge bytes', sort: 'bytes', value: Buffer.alloc(HUGE, 'x') },
    { name: 'detached bytes', sort: 'bytes', value: detached((buffer) => new Uint8Array(buffer)), flaw: 'type' },
    { name: 'a detached Buffer', sort: 'bytes', value: detached((buffer) => Buffer.from(buffer)), flaw: 'type' },
    { name: 'shared bytes', sort: 'bytes', value: shared(file) },
    { name: 'shared bytes with NUL', sort: 'bytes', value: shared(`${outside}\0`), flaw: 'NUL' },
    { name: 'bytes that follow their buffer', sort: 'bytes', value: tracking(file) },
    {
      name: 'bytes out of bounds',
      sort: 'bytes',
      value: outOfBounds((buffer) => new Uint8Array(buffer, 8, 8)),
      flaw: 'type',
    },
    {
      name: 'bytes that claim to be many',
      sort: 'bytes',
      value: lying('n', { length: 2 ** 30, byteLength: 2 ** 30 }),
      flaw: 'hostile',
    },
    {
      name: 'bytes that claim to be few',
      sort: 'bytes',
      value: lying('name', { length: 1, byteLength: 1 }),
      flaw: 'hostile',
    },
    {
      name: 'bytes that claim no length',
      sort: 'bytes',
      value: lying('name', { length: 'x', byteLength: Number.NaN }),
      flaw: 'hostile',
    },
    {
      name: 'bytes that hide a NUL',
      sort: 'bytes',
      value: lying(`${outside}\0`, { includes: () => false, indexOf: () => -1 }),
      flaw: 'NUL',
    },
    { name: 'bytes of another realm', sort: 'bytes', value: runInNewContext('Uint8Array.of(110)') },
    {
      name: 'bytes without a buffer',
      sort: 'bytes',
      value: lying('name', { buffer: undefined, byteOffset: -1 }),
      flaw: 'hostile',
    },
  ]
}

function views(): TestValue[] {
  return [
    { name: 'a Uint16Array', sort: 'view', value: new Uint16Array([0x6161]) },
    { name: 'a Float64Array', sort: 'view', value: new Float64Array(2) },
    { name: 'a BigInt64Array', sort: 'view', value: new BigInt64Array(2) },
    { name: 'a DataView', sort: 'view', value: new DataView(new ArrayBuffer(8), 2, 3) },
    { name: 'a detached DataView', sort: 'view', value: detached((buffer) => new DataView(buffer)), flaw: 'type' },
    {
      name: 'a detached Uint32Array',
      sort: 'view',
      value: detached((buffer) => new Uint32Array(buffer)),
      flaw: 'type',
    },
    {
      name: 'a DataView out of bounds',
      sort: 'view',
      value: outOfBounds((buffer) => new DataView(buffer, 8, 8)),
      flaw: 'type',
    },
    { name: 'an ArrayBuffer', sort: 'other', value: new ArrayBuffer(8) },
    { name: 'a detached ArrayBuffer', sort: 'other', value: detached((buffer) => buffer) },
    { name: 'a SharedArrayBuffer', sort: 'other', value: new SharedArrayBuffer(8) },
  ]
}

function pathLikes(outside: string, file: string, folder: string): TestValue[] {
  const itself: os.PathLike = pathLike(() => itself)
  return [
    { name: 'a PathLike', sort: 'pathlike', value: pathLike(() => file) },
    { name: 'a PathLike of bytes', sort: 'pathlike', value: pathLike(() => Buffer.from(file)) },
    { name: 'a PathLike that uses the module', sort: 'pathlike', value: reentrant(file, folder) },
    { name: 'a PathLike with NUL', sort: 'pathlike', value: pathLike(() => `${outside}\0`), flaw: 'NUL' },
    { name: 'a PathLike that throws', sort: 'pathlike', value: pathLike(throwHostileError), flaw: 'hostile' },
    { name: 'a PathLike that answers itself', sort: 'pathlike', value: itself, flaw: 'type' },
    { name: 'a PathLike that answers a number', sort: 'pathlike', value: pathLike(() => 5), flaw: 'type' },
    { name: 'a PathLike that answers null', sort: 'pathlike', value: pathLike(() => null), flaw: 'type' },
    { name: 'a PathLike with a promise', sort: 'pathlike', value: pathLike(async () => file), flaw: 'type' },
    {
      name: 'a PathLike by a getter that throws',
      sort: 'pathlike',
      value: Object.defineProperty({}, '__fspath__', { get: throwHostileError, enumerable: true }),
      flaw: 'hostile',
    },
    { name: 'a URL of a file', sort: 'url', value: pathToFileURL(file) },
    { name: 'a URL that is not UTF-8', sort: 'url', value: new URL(`${pathToFileURL('.')}/%ff`) },
    { name: 'a URL with NUL', sort: 'url', value: new URL(`${pathToFileURL(outside)}%00`), flaw: 'NUL' },
    { name: 'a URL with an escaped slash', sort: 'url', value: new URL('file:///missing%2Fx'), flaw: 'type' },
    { name: 'a URL of the web', sort: 'url', value: new URL('https://example.org/x'), flaw: 'type' },
    { name: 'a URL of another host', sort: 'url', value: new URL('file://example.org/x'), flaw: 'type' },
  ]
}

function descriptors(): TestValue[] {
  return [
    { name: 'a closed FileHandle', sort: 'descriptor', value: { fd: -1 }, fd: -1 },
    { name: 'fd that is not open', sort: 'descriptor', value: { fd: 1000 }, fd: 1000 },
    { name: 'fd NaN', sort: 'descriptor', value: { fd: Number.NaN }, fd: Number.NaN },
    { name: 'fd beyond int', sort: 'descriptor', value: { fd: 2 ** 40 }, fd: 2 ** 40 },
    { name: 'fileno that is not open', sort: 'descriptor', value: { fileno: () => 1000 }, fd: 1000 },
    { name: 'fd as text', sort: 'other', value: { fd: '1000' } },
    { name: 'fd as bigint', sort: 'other', value: { fd: 1000n } },
    { name: 'fileno with text', sort: 'other', value: { fileno: () => '1000' } },
    { name: 'fileno that is not a function', sort: 'other', value: { fileno: 1000 } },
    { name: 'fileno that throws', sort: 'other', value: { fileno: throwHostileError }, flaw: 'hostile' },
    {
      name: 'fd by a getter that throws',
      sort: 'other',
      value: Object.defineProperty({}, 'fd', { get: throwHostileError, enumerable: true }),
      flaw: 'hostile',
    },
  ]
}

function objects(): TestValue[] {
  return [
    { name: 'an empty array', sort: 'array', value: [] },
    { name: 'an array', sort: 'array', value: ['file'] },
    { name: 'a sparse array', sort: 'array', value: new Array(2) },
    { name: 'a date', sort: 'other', value: new Date(0) },
    { name: 'an invalid date', sort: 'other', value: new Date(Number.NaN) },
    { name: 'a pattern', sort: 'other', value: /x/ },
    { name: 'a Map', sort: 'other', value: new Map([['mode', 5]]) },
    { name: 'an error', sort: 'other', value: new Error('two\nlines') },
    { name: 'a promise', sort: 'other', value: Promise.resolve('file') },
    { name: 'a thenable', sort: 'other', value: Object.fromEntries([['then', throwHostileError]]) },
    { name: 'an object with unknown names', sort: 'other', value: { nonsense: 1 } },
    { name: 'an object without a prototype', sort: 'other', value: Object.assign(Object.create(null), { unknown: 1 }) },
    { name: 'an object of a class', sort: 'other', value: new (class Unknown {})() },
    { name: 'a port', sort: 'other', value: closedPort() },
    {
      name: 'an object that cannot become text',
      sort: 'other',
      value: {
        unknown: 1,
        toString: throwHostileError,
        valueOf: throwHostileError,
        [Symbol.toPrimitive]: throwHostileError,
      },
    },
    {
      name: 'an object that cannot be shown',
      sort: 'other',
      value: { unknown: 1, [Symbol.for('nodejs.util.inspect.custom')]: throwHostileError },
    },
    {
      name: 'an object with a tag that throws',
      sort: 'other',
      value: Object.defineProperty({ unknown: 1 }, Symbol.toStringTag, { get: throwHostileError }),
    },
    {
      name: 'an object with a constructor that throws',
      sort: 'other',
      value: Object.defineProperty({ unknown: 1 }, 'constructor', { get: throwHostileError }),
    },
    { name: 'an object of another realm', sort: 'other', value: runInNewContext('({ unknown: 1 })') },
    { name: 'an object that poses as bytes', sort: 'other', value: Object.create(Uint8Array.prototype) },
    { name: 'a proxy', sort: 'other', value: new Proxy({ unknown: 1 }, {}) },
    { name: 'a proxy that throws', sort: 'other', value: new Proxy({ unknown: 1 }, throwingTraps), flaw: 'hostile' },
    { name: 'a revoked proxy', sort: 'other', value: revoked({ unknown: 1 }), flaw: 'hostile' },
    { name: 'a revoked proxy of a function', sort: 'function', value: revoked(() => undefined), flaw: 'hostile' },
  ]
}

function closedPort(): unknown {
  const { port1, port2 } = new MessageChannel()
  port1.close()
  port2.close()
  return port1
}
