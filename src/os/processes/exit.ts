import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { int } from '../arguments/numbers.ts'

/** Exit code: no error. */
export const EX_OK: number = constants.EX_OK
/** Exit code: the command was used wrongly. */
export const EX_USAGE: number = constants.EX_USAGE
/** Exit code: the input data was wrong. */
export const EX_DATAERR: number = constants.EX_DATAERR
/** Exit code: an input file is missing or cannot be read. */
export const EX_NOINPUT: number = constants.EX_NOINPUT
/** Exit code: no such user. */
export const EX_NOUSER: number = constants.EX_NOUSER
/** Exit code: no such host. */
export const EX_NOHOST: number = constants.EX_NOHOST
/** Exit code: a service is not available. */
export const EX_UNAVAILABLE: number = constants.EX_UNAVAILABLE
/** Exit code: an error of the program itself. */
export const EX_SOFTWARE: number = constants.EX_SOFTWARE
/** Exit code: an error of the system, such as no more processes. */
export const EX_OSERR: number = constants.EX_OSERR
/** Exit code: a file of the system is missing or wrong. */
export const EX_OSFILE: number = constants.EX_OSFILE
/** Exit code: an output file cannot be made. */
export const EX_CANTCREAT: number = constants.EX_CANTCREAT
/** Exit code: an error of input or output. */
export const EX_IOERR: number = constants.EX_IOERR
/** Exit code: it failed for now, and may be tried again. */
export const EX_TEMPFAIL: number = constants.EX_TEMPFAIL
/** Exit code: the other side did not keep to the protocol. */
export const EX_PROTOCOL: number = constants.EX_PROTOCOL
/** Exit code: not allowed. */
export const EX_NOPERM: number = constants.EX_NOPERM
/** Exit code: the configuration is wrong. */
export const EX_CONFIG: number = constants.EX_CONFIG

/**
 * abort(3): ends this process at once by SIGABRT, with a core where the limits allow one. No handler of JavaScript
 * runs, `process.on('SIGABRT')` included.
 *
 * Availability: Linux. See abort(3); Python, os.abort.
 * @example
 * ```ts
 * os.abort() // the process ends with SIGABRT
 * ```
 */
export function abort(): never {
  libc.abort()
  throw new Error('abort(3) has returned')
}

/**
 * _exit(2): ends this process at once: no 'exit' handlers, nothing flushed.
 *
 * @param n the exit code, of which the low eight bits count
 *
 * Availability: Linux. See _exit(2); Python, os._exit.
 * @example
 * ```ts
 * process.on('exit', () => os.abort()) // is not called
 * os._exit(0)
 * ```
 */
export function _exit(n: number): never {
  libc._exit(int(n, 'n'))
  throw new Error('_exit(2) has returned')
}
