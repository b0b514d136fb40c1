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
/** Exit code: an internal error of the program. */
export const EX_SOFTWARE: number = constants.EX_SOFTWARE
/** Exit code: an error of the operating system, such as fork(2) failing. */
export const EX_OSERR: number = constants.EX_OSERR
/** Exit code: a system file is missing or wrong. */
export const EX_OSFILE: number = constants.EX_OSFILE
/** Exit code: an output file cannot be created. */
export const EX_CANTCREAT: number = constants.EX_CANTCREAT
/** Exit code: an input or output error. */
export const EX_IOERR: number = constants.EX_IOERR
/** Exit code: a temporary failure; the command may be tried again. */
export const EX_TEMPFAIL: number = constants.EX_TEMPFAIL
/** Exit code: the remote side violated the protocol. */
export const EX_PROTOCOL: number = constants.EX_PROTOCOL
/** Exit code: permission denied. */
export const EX_NOPERM: number = constants.EX_NOPERM
/** Exit code: the configuration is wrong. */
export const EX_CONFIG: number = constants.EX_CONFIG

/**
 * abort(3): ends this process at once by SIGABRT, with a core dump if the limits allow one. No JavaScript handler runs,
 * not even that of `process.on('SIGABRT')`.
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
 * _exit(2): ends this process at once, without running 'exit' handlers or flushing streams.
 *
 * @param n the exit code; only the low eight bits are used
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
