import { errorClass, type OSError, type Subject } from '../errors.ts'
import { errnoNumbers } from './facts.ts'
import { libc } from './functions.ts'
import koffi from './koffi.ts'

const { EINTR } = errnoNumbers

/** The error number of the preceding C call: to be called on the very next statement. Only this module reads errno. */
export function lastErrno(): number {
  return koffi.errno()
}

/** For functions for which -1 is also a valid result: after the call an errno other than zero means an error. */
export function clearErrno(): void {
  koffi.errno(0)
}

/**
 * Handles the failure of a call that returned -1: throws an OSError, or returns after EINTR, so that the call is
 * repeated (PEP 475). So calls read
 *
 *     while (libc.mkdirat(at, name, mode) === -1) failed('mkdir', path)
 */
export function failed(syscall: string, filename?: Subject, filename2?: Subject): void {
  const errno = koffi.errno()
  if (errno !== EINTR) throw osError(errno, syscall, filename, filename2)
}

/**
 * The same for calls that return the error number itself: `while ((errno = libc.x()) !== 0) failedWith(errno, 'x')`.
 */
export function failedWith(errno: number, syscall: string, filename?: Subject): void {
  if (errno !== EINTR) throw osError(errno, syscall, filename)
}

/** The OSError of an error number, with the C library's message. */
export function osError(errno: number, syscall?: string, filename?: Subject, filename2?: Subject): OSError {
  const Class = errorClass(errno)
  return new Class(errno, libc.strerror(errno), filename, filename2, syscall)
}
