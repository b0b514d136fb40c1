import { errorcode, NotImplementedError, OSError, outOfRange, type Subject } from '../errors.ts'
import { osError } from '../libc/call.ts'
import { errnoNumbers } from '../libc/facts.ts'

/** The OSError for an error name such as 'EROFS' or 'ENODEV', as the virtual file systems raise it. */
export function vfsError(
  code: keyof typeof errnoNumbers,
  operation: string,
  filename?: Subject,
  filename2?: Subject,
): OSError {
  const errno = errnoNumbers[code]
  if (errno === undefined) throw new NotImplementedError(`this platform has no error number ${code}`)
  return osError(errno, operation, filename, filename2)
}

/**
 * Converts an exception of the caller's device or file system to an OSError. An OSError stays as it is; an error with
 * an errno becomes the OSError of that number, and any other one EIO. Both keep the exception as their cause.
 */
export function asOSError(thrown: unknown, operation: string): OSError {
  if (thrown instanceof OSError) return thrown
  const errno: unknown = (thrown as { errno?: unknown } | null | undefined)?.errno
  // Node's errors have a negative errno.
  const known = typeof errno === 'number' && isErrno(Math.abs(errno))
  const error = known ? osError(Math.abs(errno), operation) : vfsError('EIO', operation)
  error.cause = thrown
  return error
}

/** The OSError of an error number that a caller's device returned; EIO for a number that is not one. */
export function deviceError(errno: number, operation: string): OSError {
  if (isErrno(errno)) return osError(errno, operation)
  return asOSError(outOfRange(`${operation}()`, 'null, 0 or a negative error number', -errno), operation)
}

function isErrno(errno: number): boolean {
  return Object.hasOwn(errorcode, errno)
}
