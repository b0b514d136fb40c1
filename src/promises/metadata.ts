import { osError } from '../libc/call.ts'
import { structs } from '../libc/facts.ts'
import type { Descriptor } from '../os/arguments.ts'
import type { DirFdOption, StatOptions } from '../os/metadata.ts'
import * as os from '../os/metadata.ts'
import type { Path } from '../os/names.ts'
import { preparedUtime, type TimePair, type UtimeOptions, utime as utimeNow } from '../os/utime.ts'
import { FROM_SCRATCH, type stat_result, statResult, statx_result } from '../results.ts'
import type { SignalOption } from './abort.ts'
import { NOTHING, type Outcome, twin } from './on_pool.ts'

const STATUS: Outcome<stat_result> = { output: structs.stat.size, result: () => statResult() }
const FULL_STATUS: Outcome<statx_result> = {
  output: structs.statx.size,
  result: () => new statx_result(FROM_SCRATCH),
}

/**
 * stat(2): `os.stat` on the thread pool. The status of a file, or of an open one.
 * @example
 * ```ts
 * const { st_size } = await promises.stat('/etc/passwd')
 * st_size > 0 // => true
 * await promises.stat('nowhere') // throws FileNotFoundError
 * ```
 */
export const stat: (path: Path | Descriptor, options?: StatOptions & SignalOption) => Promise<stat_result> = twin(
  os.stat,
  os.preparedStat,
  STATUS,
)

/**
 * lstat(2): `os.lstat` on the thread pool. The status of a file, or of a symbolic link itself.
 * @example
 * ```ts
 * os.symlink('nowhere', 'link')
 * const { st_size } = await promises.lstat('link')
 * st_size // => 7
 * ```
 */
export const lstat: (path: Path, options?: DirFdOption & SignalOption) => Promise<stat_result> = twin(
  os.lstat,
  os.preparedLstat,
  STATUS,
)

/**
 * fstat(2): `os.fstat` on the thread pool, since a network file system asks its server. The status of an open file.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * const { st_ino } = await promises.fstat(fd)
 * st_ino // => os.stat('/etc/passwd').st_ino
 * os.close(fd)
 * ```
 */
export const fstat: (fd: Descriptor, options?: SignalOption) => Promise<stat_result> = twin(
  os.fstat,
  os.preparedFstat,
  STATUS,
)

/**
 * statx(2): `os.statx` on the thread pool. The status of a file with all that the kernel knows.
 * @example
 * ```ts
 * const { stx_size } = await promises.statx('/etc/passwd', os.STATX_SIZE)
 * stx_size // => os.stat('/etc/passwd').st_size
 * ```
 */
export const statx: {
  (path: Path | Descriptor, mask: number, flags: number, options?: StatOptions & SignalOption): Promise<statx_result>
  (
    path: Path | Descriptor,
    mask: number,
    options?: StatOptions & SignalOption & { readonly flags?: number | undefined },
  ): Promise<statx_result>
} = twin(os.statx, os.preparedStatx, FULL_STATUS)

/**
 * access(2): `os.access` on the thread pool. Whether the process may do something with a path: false for any error.
 * @example
 * ```ts
 * await promises.access('/etc/passwd', os.R_OK) // => true
 * await promises.access('nowhere', os.F_OK) // => false
 * ```
 */
export const access: (path: Path, mode: number, options?: os.AccessOptions & SignalOption) => Promise<boolean> = twin(
  os.access,
  os.preparedAccess,
  { result: () => true, failure: () => false },
)

const CHANGED_MODE: Outcome<void> = {
  result: () => undefined,
  failure(errno, { name, file }) {
    throw name === 'fchmodat2' ? os.chmodLinkError(errno, file) : osError(errno, 'chmod', file)
  },
}

/**
 * chmod(2): `os.chmod` on the thread pool. Changes the permissions of a file.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.chmod('folder', 0o500)
 * os.stat('folder').st_mode & 0o777 // => 0o500
 * ```
 */
export const chmod: (path: Path | Descriptor, mode: number, options?: StatOptions & SignalOption) => Promise<void> =
  twin(os.chmod, os.preparedChmod, CHANGED_MODE)

/**
 * fchmod(2): `os.fchmod` on the thread pool. Changes the permissions of an open file.
 * @example
 * ```ts
 * const fd = os.open('file', os.O_RDWR | os.O_CREAT)
 * await promises.fchmod(fd, 0o400)
 * os.fstat(fd).st_mode & 0o777 // => 0o400
 * os.close(fd)
 * ```
 */
export const fchmod: (fd: Descriptor, mode: number, options?: SignalOption) => Promise<void> = twin(
  os.fchmod,
  os.preparedFchmod,
  NOTHING,
)

/**
 * chown(2): `os.chown` on the thread pool. Changes owner and group of a file.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.chown('folder', -1, os.getgid())
 * os.stat('folder').st_gid // => os.getgid()
 * ```
 */
export const chown: (
  path: Path | Descriptor,
  uid: number,
  gid: number,
  options?: StatOptions & SignalOption,
) => Promise<void> = twin(os.chown, os.preparedChown, NOTHING)

/**
 * fchown(2): `os.fchown` on the thread pool. Changes owner and group of an open file.
 * @example
 * ```ts
 * const fd = os.open('file', os.O_RDWR | os.O_CREAT)
 * await promises.fchown(fd, -1, os.getgid())
 * os.close(fd)
 * ```
 */
export const fchown: (fd: Descriptor, uid: number, gid: number, options?: SignalOption) => Promise<void> = twin(
  os.fchown,
  os.preparedFchown,
  NOTHING,
)

/**
 * lchown(2): `os.lchown` on the thread pool. Changes owner and group of a file, or of a symbolic link itself.
 * @example
 * ```ts
 * os.symlink('nowhere', 'link')
 * await promises.lchown('link', -1, os.getgid()) // => undefined
 * ```
 */
export const lchown: (path: Path, uid: number, gid: number, options?: SignalOption) => Promise<void> = twin(
  os.lchown,
  os.preparedLchown,
  NOTHING,
)

const SET_TIMES: Outcome<void> = { input: 2 * structs.timespec.size, result: () => undefined }

/**
 * utimensat(2): `os.utime` on the thread pool. Sets the times of a file's last access and modification.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.utime('folder', { ns: [1n, 1_700_000_000_123_456_789n] })
 * os.stat('folder').st_mtime_ns // => 1_700_000_000_123_456_789n
 * ```
 */
export const utime: {
  (
    path: Path | Descriptor,
    times: TimePair<number | bigint> | null,
    options?: UtimeOptions & SignalOption,
  ): Promise<void>
  (
    path: Path | Descriptor,
    options?: UtimeOptions & SignalOption & { readonly times?: TimePair<number | bigint> | null | undefined },
  ): Promise<void>
} = twin(utimeNow, preparedUtime, SET_TIMES)

/**
 * truncate(2): `os.truncate` on the thread pool. Cuts a file to a length, or lengthens it with a hole.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * await promises.truncate('file', 1000)
 * os.stat('file').st_size // => 1000
 * ```
 */
export const truncate: (path: Path | Descriptor, length: number | bigint, options?: SignalOption) => Promise<void> =
  twin(os.truncate, os.preparedTruncate, NOTHING)
