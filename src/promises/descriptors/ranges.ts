import * as os from '../../os/descriptors/ranges.ts'
import { NOTHING, type Outcome, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

/**
 * lseek(2): `os.lseek` on the thread pool, since SEEK_DATA, SEEK_HOLE and SEEK_END may have to read the disk.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * await promises.lseek(fd, 0, os.SEEK_END) // => os.fstat(fd).st_size
 * os.close(fd)
 * ```
 */
export const lseek: Twin<typeof os.lseek> = twin(os.lseek, os.preparedLseek, {
  result: (reached) => os.exactPosition(reached),
})

/**
 * ftruncate(2): `os.ftruncate` on the thread pool. Truncates an open file to a length, or extends it with a hole.
 * @example
 * ```ts
 * const fd = os.open('notes', os.O_RDWR | os.O_CREAT)
 * await promises.ftruncate(fd, 4096)
 * os.fstat(fd).st_size // => 4096
 * os.close(fd)
 * ```
 */
export const ftruncate: Twin<typeof os.ftruncate> = twin(os.ftruncate, os.preparedFtruncate, NOTHING)

/**
 * fsync(2): `os.fsync` on the thread pool. Resolves when data and metadata of an open file are on the disk.
 * @example
 * ```ts
 * const fd = os.open('ledger', os.O_WRONLY | os.O_CREAT)
 * os.write(fd, Buffer.from('paid'))
 * await promises.fsync(fd) // on the disk now, and the event loop was not blocked
 * os.close(fd)
 * ```
 */
export const fsync: Twin<typeof os.fsync> = twin(os.fsync, os.preparedFsync, NOTHING)

/**
 * fdatasync(2): `os.fdatasync` on the thread pool. Resolves when the data of an open file is on the disk.
 * @example
 * ```ts
 * const fd = os.open('ledger', os.O_WRONLY | os.O_CREAT)
 * os.write(fd, Buffer.from('paid'))
 * await promises.fdatasync(fd)
 * os.close(fd)
 * ```
 */
export const fdatasync: Twin<typeof os.fdatasync> = twin(os.fdatasync, os.preparedFdatasync, NOTHING)

/** For calls that return the error number. */
const DONE: Outcome<void> = { returnsErrno: true, result: () => undefined }

/**
 * posix_fallocate(3): `os.posix_fallocate` on the thread pool. Allocates disk space for a part of an open file.
 * @example
 * ```ts
 * const fd = os.open('room', os.O_RDWR | os.O_CREAT)
 * await promises.posix_fallocate(fd, 0, 65536)
 * os.fstat(fd).st_size // => 65536
 * os.close(fd)
 * ```
 */
export const posix_fallocate: Twin<typeof os.posix_fallocate> = twin(os.posix_fallocate, os.preparedFallocate, DONE)

/**
 * posix_fadvise(2): `os.posix_fadvise` on the thread pool. Announces how a part of an open file is going to be read.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * await promises.posix_fadvise(fd, 0, 0, os.POSIX_FADV_WILLNEED)
 * os.close(fd)
 * ```
 */
export const posix_fadvise: Twin<typeof os.posix_fadvise> = twin(os.posix_fadvise, os.preparedFadvise, DONE)
