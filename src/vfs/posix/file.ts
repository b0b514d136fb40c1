import { OSError, outOfRange } from '../../errors.ts'
import { constants, errnoNumbers } from '../../libc/facts.ts'
import { close } from '../../os/descriptors/open_close.ts'
import { fsync, lseek } from '../../os/descriptors/ranges.ts'
import { readinto, write } from '../../os/descriptors/read_write.ts'
import { fstat } from '../../os/files/status.ts'
import type { OpenMode, RawFile } from '../file.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, S_IFMT, S_IFREG } = constants
const { EINVAL } = errnoNumbers

/** The flags of `open`. */
export function posixFlags({ kind, plus }: OpenMode): number {
  const access = plus ? O_RDWR : kind === 'r' ? O_RDONLY : O_WRONLY
  const creation = { r: 0, w: O_CREAT | O_TRUNC, a: O_CREAT | O_APPEND, x: O_CREAT | O_EXCL }
  return access | creation[kind]
}

/** An open file of the host. */
export class PosixFile implements RawFile {
  readonly #fd: number

  /** @param fd its descriptor, which is closed with the file */
  constructor(fd: number) {
    this.#fd = fd
  }

  read(into: Uint8Array): number {
    return readinto(this.#fd, into)
  }

  write(data: Uint8Array): void {
    for (let done = 0; done < data.length; ) done += write(this.#fd, data.subarray(done))
  }

  seek(offset: number, whence: number): number {
    try {
      return lseek(this.#fd, offset, whence)
    } catch (error) {
      if (error instanceof OSError && error.errno === EINVAL)
        throw outOfRange('offset', 'a position in the file', offset)
      throw error
    }
  }

  flush(): void {
    try {
      fsync(this.#fd)
    } catch (error) {
      // fsync fails with EINVAL for a pipe or a terminal, which has nothing to sync.
      if (!(error instanceof OSError && error.errno === EINVAL)) throw error
    }
  }

  fileno(): number {
    return this.#fd
  }

  close(): void {
    close(this.#fd)
  }

  /** Known for regular files only; files of /proc report a size of 0 but have contents. */
  remaining(): number | undefined {
    const { st_mode, st_size } = fstat(this.#fd)
    if ((st_mode & S_IFMT) !== S_IFREG || st_size === 0) return undefined
    return Math.max(0, Number(st_size) - this.seek(0, 1))
  }
}
