import { errorClass, type OSError, type Subject } from '../errors.ts'
import { errnoNumbers } from './facts.ts'
import { libc } from './functions.ts'
import koffi from './koffi.ts'

const { EINTR } = errnoNumbers

/** The error number of the C call before: to be asked on the very next statement. Nobody else reads errno. */
export function lastErrno(): number {
  return koffi.errno()
}

/** For calls that return -1 as a value too: afterwards a number other than zero says that it was an error. */
export function clearErrno(): void {
  koffi.errno(0)
}

/**
 * What a call that returned -1 comes to: an OSError, or, after a signal, another try (PEP 475). So calls read
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

/** The OSError of an error number, with the C library's own text. */
export function osError(errno: number, syscall?: string, filename?: Subject, filename2?: Subject): OSError {
  const Class = errorClass(errno)
  return new Class(errno, libc.strerror(errno), filename, filename2, syscall)
}
