import { AuditEvent } from '../../audit.ts'
import { failed } from '../../libc/call.ts'
import { libc } from '../../libc/functions.ts'
import type { Descriptor } from '../arguments/descriptors.ts'
import { int64 } from '../arguments/numbers.ts'
import { auditedPath, cString, fileNameOrFd, type Path } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'

const truncateEvent = new AuditEvent('os.truncate')

/**
 * truncate(2): sets the length of a file. Data beyond the new length is lost; an extension is a hole, which reads as
 * zeros.
 *
 * @param path the file, or the descriptor of one open for writing
 * @param length the new length, in bytes
 * @throws OSError as the system reports: FileNotFoundError, IsADirectoryError, PermissionError, EINVAL for a negative
 *   length
 *
 * Availability: Linux. Audit event: `os.truncate` (path, length). See truncate(2); Python, os.truncate.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * os.truncate('file', 1000)
 * os.stat('file').st_size // => 1000
 * ```
 */
export function truncate(path: Path | Descriptor, length: number | bigint): void {
  const call = preparedTruncate(path, length)
  if (call.name === 'ftruncate') {
    const [fd, size] = call.args
    while (libc.ftruncate(fd, size) === -1) failed('truncate', call.file)
  } else {
    const [name, size] = call.args
    while (libc.truncate(name, size) === -1) failed('truncate', call.file)
  }
}

/** Checks and converts the arguments of `truncate`. */
export function preparedTruncate(
  path: Path | Descriptor,
  length: number | bigint,
): Prepared<'ftruncate'> | Prepared<'truncate'> {
  const file = fileNameOrFd(path, 'path')
  const size = int64(length, 'length')
  const name = typeof file === 'number' ? '' : cString(file, 'path')
  if (truncateEvent.wanted) truncateEvent.raise(auditedPath(file, name), length)
  if (typeof file === 'number') return { name: 'ftruncate', args: [file, size], syscall: 'truncate', file }
  return { name: 'truncate', args: [name, size], syscall: 'truncate', file }
}
