import { inspect } from 'node:util'
import { brand, isInstance } from './copies.ts'
import { errnoNumbers } from './libc/facts.ts'
import { decode } from './libc/strings.ts'
import { define } from './properties.ts'

/** The subject of an OSError: a path as text or bytes, or a descriptor. */
export type Subject = string | Uint8Array | number | undefined

/**
 * Names of the platform's error numbers, in the order of its headers: of two names for a number the usual one comes
 * first.
 */
const names = new Map<number, string>()
for (const [name, number] of Object.entries(errnoNumbers)) {
  if (number !== undefined && !names.has(number)) names.set(number, name)
}

/**
 * The name of each error number of this platform, as in `errorcode[2] === 'ENOENT'`.
 *
 * Availability: everywhere. See Python, errno.
 */
export const errorcode: Readonly<Record<number, string>> = Object.freeze(Object.fromEntries(names))

function described(code: string, strerror: string, subjects: Subject[], syscall?: string): string {
  const [from, to] = subjects.map((subject) =>
    subject === undefined || typeof subject === 'number' ? undefined : quoted(asText(subject)),
  )
  const call = [syscall, from, to && `-> ${to}`].filter((part) => part !== undefined).join(' ')
  return `${code && `${code}: `}${strerror}${call && ', '}${call}`
}

/** What is not shown as it is: quotes, backslashes, controls, and invisible characters that reorder text or break lines. */
const NOT_PLAIN = /['\\\p{C}\p{Zl}\p{Zp}]/u
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu

/**
 * Quotes a name for a message, which may go to a terminal or a log: as `inspect` does, with all characters escaped that
 * are not printable. A name could otherwise contain a command for the terminal, or a line of its own.
 */
export function quoted(name: string): string {
  if (!NOT_PLAIN.test(name)) return `'${name}'`
  return printable(inspect(name, { maxStringLength: null }))
}

/** Escapes what is not printable in text of one line. */
export function printable(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

function asText(path: string | Uint8Array): string {
  return typeof path === 'string' ? path : decode(path)
}

/**
 * A system call failed.
 *
 * It has Python's and Node's fields. As in Python, the number selects the subclass: `new OSError(2, ...)` is a
 * FileNotFoundError.
 *
 * See Python, Built-in Exceptions, OSError.
 * @example
 * ```ts
 * try {
 *   os.rename('a', 'b')
 * } catch (error) {
 *   if (!(error instanceof os.OSError)) throw error
 *   error.message // => "ENOENT: No such file or directory, rename 'a' -> 'b'"
 *   error.errno // => 2
 *   error.code // => 'ENOENT'
 *   error.filename2 // => 'b'
 * }
 * new os.OSError(2, 'gone') instanceof os.FileNotFoundError // => true
 * new os.OSError('no such volume').message // => 'no such volume'
 * ```
 */
export class OSError extends Error {
  /** The error number, positive; 0 for an error that was constructed from a message only. */
  readonly errno: number
  /** The platform's text for the error number. */
  readonly strerror: string
  /**
   * The path (as it was given) or the descriptor of the call. It may be assigned, as Python's shutil does to add the
   * path to an error; `message` and `path` stay as they are.
   */
  filename: Subject
  /** The second path, for calls with two paths. */
  filename2: Subject
  /** Node's name for the error number, such as 'ENOENT'; empty for 0. */
  readonly code: string
  /** The name of the call. */
  declare readonly syscall?: string
  /** `filename` as text, if it is a path. */
  declare readonly path?: string
  /** `filename2` as text. */
  declare readonly dest?: string

  /**
   * Whether a value is an instance: of this class, or of that of another copy of this package (another version, a
   * bundle). Classes that extend those of this package have instances of their own only.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class that was asked for may be a subclass
    return isInstance(this, value)
  }

  /**
   * @param errno the error number, positive; or, as the only argument, the message of an error without a number
   * @param strerror the text of the error number
   * @param filename the path or descriptor of the call
   * @param filename2 the second path
   * @param syscall the name of the call
   */
  constructor(message: string)
  constructor(errno: number, strerror: string, filename?: Subject, filename2?: Subject, syscall?: string)
  constructor(first: number | string, text?: string, filename?: Subject, filename2?: Subject, syscall?: string) {
    const errno = typeof first === 'number' && text !== undefined ? first : 0
    const strerror = text ?? String(first)
    const code = errno === 0 ? '' : (names.get(errno) ?? `E${errno}`)
    super(described(code, strerror, [filename, filename2], syscall))
    this.errno = errno
    this.strerror = strerror
    this.filename = filename
    this.filename2 = filename2
    this.code = code
    if (syscall !== undefined) this.syscall = syscall
    if (filename !== undefined && typeof filename !== 'number') this.path = asText(filename)
    if (filename2 !== undefined && typeof filename2 !== 'number') this.dest = asText(filename2)
    // The number selects the class, as in Python.
    if (new.target === OSError) Object.setPrototypeOf(this, errorClass(errno).prototype)
  }
}

/**
 * EAGAIN, EALREADY, EINPROGRESS: the call would block, and the descriptor is non-blocking.
 * @example
 * ```ts
 * const [r, w] = os.pipe2(os.O_NONBLOCK)
 * os.read(r, 1) // throws BlockingIOError
 * os.close(r)
 * os.close(w)
 * ```
 */
export class BlockingIOError extends OSError {}
/**
 * ECHILD: there is no such child to wait for.
 * @example
 * ```ts
 * os.wait() // throws ChildProcessError
 * ```
 */
export class ChildProcessError extends OSError {}
/**
 * The base class of connection errors.
 * @example
 * ```ts
 * new os.BrokenPipeError(32, 'the read end is closed') instanceof os.ConnectionError // => true
 * ```
 */
export class ConnectionError extends OSError {}
/**
 * EPIPE, ESHUTDOWN: writing to a pipe or socket whose other end is closed.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.close(r)
 * os.write(w, Buffer.from('x')) // throws BrokenPipeError
 * os.close(w)
 * ```
 */
export class BrokenPipeError extends ConnectionError {}
/**
 * ECONNABORTED: the peer aborted the connection attempt.
 * @example
 * ```ts
 * new os.OSError(103, 'aborted') instanceof os.ConnectionAbortedError // => true
 * ```
 */
export class ConnectionAbortedError extends ConnectionError {}
/**
 * ECONNREFUSED: the peer refused the connection.
 * @example
 * ```ts
 * new os.OSError(111, 'refused') instanceof os.ConnectionRefusedError // => true
 * ```
 */
export class ConnectionRefusedError extends ConnectionError {}
/**
 * ECONNRESET: the peer reset the connection.
 * @example
 * ```ts
 * new os.OSError(104, 'reset') instanceof os.ConnectionResetError // => true
 * ```
 */
export class ConnectionResetError extends ConnectionError {}
/**
 * EEXIST: the file already exists.
 * @example
 * ```ts
 * os.mkdir('/') // throws FileExistsError
 * ```
 */
export class FileExistsError extends OSError {}
/**
 * ENOENT: no such file or directory.
 * @example
 * ```ts
 * os.stat('nowhere') // throws FileNotFoundError
 * ```
 */
export class FileNotFoundError extends OSError {}
/**
 * EINTR: a signal interrupted the call. osier retries such calls, so only other code throws this.
 * @example
 * ```ts
 * new os.OSError(4, 'interrupted') instanceof os.InterruptedError // => true
 * ```
 */
export class InterruptedError extends OSError {}
/**
 * EISDIR: a file operation on a directory.
 * @example
 * ```ts
 * os.open('/', os.O_WRONLY) // throws IsADirectoryError
 * ```
 */
export class IsADirectoryError extends OSError {}
/**
 * ENOTDIR: a directory operation on something else.
 * @example
 * ```ts
 * os.listdir('/etc/passwd') // throws NotADirectoryError
 * ```
 */
export class NotADirectoryError extends OSError {}
/**
 * EACCES, EPERM: the operation is not permitted.
 * @example
 * ```ts
 * os.execv('/etc/passwd', ['passwd']) // throws PermissionError
 * new os.OSError(1, 'not permitted') instanceof os.PermissionError // => true
 * ```
 */
export class PermissionError extends OSError {}
/**
 * ESRCH: no such process.
 * @example
 * ```ts
 * os.kill(2 ** 22 + 1, 0) // throws ProcessLookupError
 * ```
 */
export class ProcessLookupError extends OSError {}
/**
 * ETIMEDOUT: the operation timed out in the kernel.
 * @example
 * ```ts
 * new os.OSError(110, 'timed out') instanceof os.TimeoutError // => true
 * ```
 */
export class TimeoutError extends OSError {}

const e = errnoNumbers

const classes = new Map<number | undefined, typeof OSError>([
  [e.EAGAIN, BlockingIOError],
  [e.EALREADY, BlockingIOError],
  [e.EINPROGRESS, BlockingIOError],
  [e.ECHILD, ChildProcessError],
  [e.EPIPE, BrokenPipeError],
  [e.ESHUTDOWN, BrokenPipeError],
  [e.ECONNABORTED, ConnectionAbortedError],
  [e.ECONNREFUSED, ConnectionRefusedError],
  [e.ECONNRESET, ConnectionResetError],
  [e.EEXIST, FileExistsError],
  [e.ENOENT, FileNotFoundError],
  [e.EINTR, InterruptedError],
  [e.EISDIR, IsADirectoryError],
  [e.ENOTDIR, NotADirectoryError],
  [e.EACCES, PermissionError],
  [e.EPERM, PermissionError],
  [e.ESRCH, ProcessLookupError],
  [e.ETIMEDOUT, TimeoutError],
])

/** Returns the class of an error number: `OSError` itself for numbers without a subclass. */
export function errorClass(errno: number): typeof OSError {
  return classes.get(errno) ?? OSError
}

/**
 * The platform lacks the function that was called.
 *
 * See Python, Built-in Exceptions, NotImplementedError.
 * @example
 * ```ts
 * os.startfile('report.doc') // throws NotImplementedError
 * ```
 */
export class NotImplementedError extends Error {
  readonly code: string = 'ERR_METHOD_NOT_IMPLEMENTED'
}

// The name is set on the prototype, because V8 builds the first line of the stack before the constructor's body runs.
for (const Class of [OSError, ConnectionError, NotImplementedError, ...classes.values()]) {
  define(Class.prototype, 'name', { value: Class.name, configurable: true, writable: true })
  if (Class !== NotImplementedError) brand(Class, Class.name)
}

interface Coded {
  code?: string
}

function coded<E extends Error>(error: E, code: string): E {
  ;(error as Coded).code = code
  return error
}

/**
 * The argument, or the result of a callback, is of the wrong type: `TypeError`, Node's ERR_INVALID_ARG_TYPE.
 *
 * A callback that is an async function by mistake returns a promise. If that rejects, the rejection is handled here,
 * since the TypeError reports the mistake: unhandled, it would end the process.
 */
export function wrongType(name: string, wanted: string, value: unknown): TypeError {
  handleRejection(value)
  return coded(
    new TypeError(`The "${name}" argument must be ${wanted}, received ${shown(value)}`),
    'ERR_INVALID_ARG_TYPE',
  )
}

function handleRejection(value: unknown): void {
  try {
    if (isThenable(value)) Promise.resolve(value).catch(() => undefined)
  } catch {
    // A getter of the value has thrown. That must not hide the error about the argument.
  }
}

/**
 * Refuses the result of a callback that has to be synchronous: what an async function throws would be lost.
 *
 * @param name the parameter that the callback was passed as
 */
export function refusePromise(result: unknown, name: string): void {
  if (isThenable(result)) throw wrongType(name, 'a function that returns no promise', result)
}

/** Whether a value is a promise, or another object that `await` waits for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'
}

/** The argument is of the right type, but its value is invalid: `RangeError`, Node's ERR_INVALID_ARG_VALUE. */
export function badValue(name: string, reason: string, value: unknown): RangeError {
  return coded(new RangeError(`The "${name}" argument ${reason}, received ${shown(value)}`), 'ERR_INVALID_ARG_VALUE')
}

/** The number is out of range: `RangeError`, Node's ERR_OUT_OF_RANGE. */
export function outOfRange(name: string, wanted: string, value: unknown): RangeError {
  return coded(new RangeError(`The "${name}" argument must be ${wanted}, received ${shown(value)}`), 'ERR_OUT_OF_RANGE')
}

/** Formats a value on one line of limited length. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  const options = { depth: 0, maxArrayLength: 3, maxStringLength: 60, breakLength: Number.POSITIVE_INFINITY }
  let text: string
  try {
    text = inspect(value, options)
  } catch {
    // A getter or another function of the value has thrown. That must not hide the error about the argument.
    return 'an object'
  }
  const line = printable(text.split('\n', 1)[0] as string)
  return line.length <= 200 ? line : `${line.slice(0, 200)}…`
}
