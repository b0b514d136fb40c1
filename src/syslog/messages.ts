import { isMainThread } from 'node:worker_threads'
import { AuditEvent } from '../audit.ts'
import { wrongType } from '../errors.ts'
import { osError } from '../libc/call.ts'
import { errnoNumbers } from '../libc/facts.ts'
import { type Address, type CString, libc } from '../libc/functions.ts'
import { addressOf } from '../libc/memory.ts'
import { int } from '../os/arguments/numbers.ts'
import { optional } from '../os/arguments/options.ts'
import { cString, type FileName } from '../os/arguments/paths.ts'
import type { Prepared } from '../os/prepared.ts'
import { mainThreadOnly } from '../os/process_parameters/process_state.ts'
import { LOG_DEBUG, LOG_INFO, LOG_USER } from './constants.ts'

const openlogEvent = new AuditEvent('syslog.openlog')
const syslogEvent = new AuditEvent('syslog.syslog')
const closelogEvent = new AuditEvent('syslog.closelog')
const setlogmaskEvent = new AuditEvent('syslog.setlogmask')

/** The optional arguments of `openlog`. */
export interface OpenlogOptions {
  /** What each message begins with. */
  readonly ident?: FileName | null | undefined
  /** LOG_PID, LOG_CONS, LOG_NDELAY, LOG_PERROR. */
  readonly logoption?: number | undefined
  /** The facility of messages that name none. */
  readonly facility?: number | undefined
}

// The C library keeps these for the whole process, so only the main thread changes them.
let isOpen = false
/** The memory of the identity, which openlog(3) does not copy; 0 is NULL. */
let identity: Address = 0

/** Copies a string to memory of C. Memory of JavaScript may be gone when the C library reads it for the last time. */
function copied(text: CString): Address {
  const bytes = Buffer.from(text)
  const size = bytes.length + (typeof text === 'string' ? 1 : 0)
  const memory = libc.calloc(size, 1)
  if (memory === 0) throw osError(errnoNumbers.ENOMEM, 'openlog')
  if (bytes.length > 0) libc.memcpy(memory, addressOf(bytes), bytes.length)
  return memory
}

function setIdentity(memory: Address): void {
  if (identity !== 0) libc.free(identity)
  identity = memory
}

/** The name of the program, as Python takes it from sys.argv; null where there is none: C's name of the program. */
function programName(): string | null {
  const path = process.argv[1]
  return path === undefined ? null : path.slice(path.lastIndexOf('/') + 1)
}

/**
 * openlog(3): sets what the messages of this process begin with, and where they go. Without it, the first `syslog`
 * calls it without arguments.
 *
 * @param ident what each message begins with: text, or bytes; left out or null: the name of the program
 * @param logoption LOG_PID, LOG_CONS, LOG_NDELAY, LOG_PERROR, combined with `|`; 0 by default
 * @param facility the facility of messages that name none; LOG_USER by default
 * @throws RangeError for an identity that contains a NUL
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. Audit event: `syslog.openlog` (ident, logoption, facility). See openlog(3); Python,
 * syslog.openlog.
 * @example
 * ```ts
 * syslog.openlog('backup', syslog.LOG_PID, syslog.LOG_DAEMON)
 * syslog.syslog('nothing has changed')
 * syslog.closelog()
 * ```
 */
export function openlog(options?: OpenlogOptions): void
export function openlog(
  ident: FileName | null | undefined,
  logoption?: number | OpenlogOptions,
  facility?: number | OpenlogOptions,
): void
export function openlog(...given: unknown[]): void {
  mainThreadOnly('openlog')
  const checked = optional(['ident', 'logoption', 'facility'], [], given)
  const ident = checked.ident === undefined || checked.ident === null ? programName() : textOf(checked.ident, 'ident')
  const logoption = int(checked.logoption ?? 0, 'logoption')
  const facility = int(checked.facility ?? LOG_USER, 'facility')
  const name = ident === null ? null : cString(ident, 'ident')
  if (openlogEvent.wanted) openlogEvent.raise(ident, logoption, facility)
  const memory = name === null ? 0 : copied(name)
  libc.openlog(memory, logoption, facility)
  setIdentity(memory)
  isOpen = true
}

function textOf(value: unknown, name: string): FileName {
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  throw wrongType(name, 'a string or a Uint8Array', value)
}

/** `syslog` before its call. */
export function preparedSyslog(priority: unknown, ...rest: readonly unknown[]): Prepared<'syslog'> {
  const isAlone = rest.length === 0 || (rest.length === 1 && rest[0] === undefined)
  const level = isAlone ? LOG_INFO : int(priority, 'priority')
  const text = textOf(isAlone ? priority : rest[0], 'message')
  const message = cString(text, 'message')
  if (syslogEvent.wanted) syslogEvent.raise(level, text)
  // As Python does. In a worker the C library's own defaults hold, unless the main thread has called openlog.
  if (!isOpen && isMainThread) openlog()
  return { name: 'syslog', args: [level, '%s', message], syscall: 'syslog', file: undefined }
}

/**
 * syslog(3): sends a message to the system logger. It may block while the logger does not read.
 *
 * The message is sent as it is: a per cent sign in it means nothing. No error is reported if there is no logger.
 *
 * @param priority the level LOG_EMERG to LOG_DEBUG, combined by `|` with a facility if it is not that of `openlog`; left
 *   out: LOG_INFO
 * @param message text, or bytes
 * @throws RangeError for a message that contains a NUL
 *
 * Availability: Linux. Audit event: `syslog.syslog` (priority, message). See syslog(3); Python, syslog.syslog.
 * @example
 * ```ts
 * syslog.syslog('started')
 * syslog.syslog(syslog.LOG_ERR | syslog.LOG_MAIL, 'the queue is 100% full')
 * ```
 */
export function syslog(message: FileName): void
export function syslog(priority: number, message: FileName): void
export function syslog(priority: FileName | number, ...rest: unknown[]): void {
  const { args } = preparedSyslog(priority, ...rest)
  libc.syslog(...args)
}

/**
 * closelog(3): closes the connection to the system logger, and forgets what `openlog` has set.
 *
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. Audit event: `syslog.closelog`. See closelog(3); Python, syslog.closelog.
 * @example
 * ```ts
 * syslog.openlog({ facility: syslog.LOG_LOCAL0 })
 * syslog.closelog()
 * ```
 */
export function closelog(): void {
  mainThreadOnly('closelog')
  if (closelogEvent.wanted) closelogEvent.raise()
  if (!isOpen) return
  libc.closelog()
  setIdentity(0)
  isOpen = false
}

/**
 * setlogmask(3): sets which levels are sent, for this process.
 *
 * @param maskpri the levels, as LOG_MASK and LOG_UPTO make them; 0: they stay
 * @returns the levels that were sent before
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread, unless `maskpri` is 0
 *
 * Availability: Linux. Audit event: `syslog.setlogmask` (maskpri). See setlogmask(3); Python, syslog.setlogmask.
 * @example
 * ```ts
 * const before = syslog.setlogmask(syslog.LOG_UPTO(syslog.LOG_WARNING))
 * syslog.syslog(syslog.LOG_DEBUG, 'not sent')
 * syslog.setlogmask(before) // => syslog.LOG_UPTO(syslog.LOG_WARNING)
 * ```
 */
export function setlogmask(maskpri: number): number {
  const mask = int(maskpri, 'maskpri')
  if (mask !== 0) mainThreadOnly('setlogmask')
  if (setlogmaskEvent.wanted) setlogmaskEvent.raise(mask)
  return libc.setlogmask(mask)
}

/**
 * LOG_MASK(3): returns the mask of one level.
 *
 * @param pri LOG_EMERG to LOG_DEBUG
 * @returns a mask for `setlogmask`
 *
 * Availability: everywhere. See setlogmask(3); Python, syslog.LOG_MASK.
 * @example
 * ```ts
 * syslog.LOG_MASK(syslog.LOG_ERR) // => 8
 * ```
 */
export function LOG_MASK(pri: number): number {
  return 1 << int(pri, 'pri', 0, LOG_DEBUG)
}

/**
 * LOG_UPTO(3): returns the mask of all levels up to one.
 *
 * @param pri LOG_EMERG to LOG_DEBUG, the last level that is sent
 * @returns a mask for `setlogmask`
 *
 * Availability: everywhere. See setlogmask(3); Python, syslog.LOG_UPTO.
 * @example
 * ```ts
 * syslog.LOG_UPTO(syslog.LOG_ERR) // => 15
 * ```
 */
export function LOG_UPTO(pri: number): number {
  return (1 << (int(pri, 'pri', 0, LOG_DEBUG) + 1)) - 1
}
