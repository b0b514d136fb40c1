import type { Path } from './arguments/paths.ts'
import { notImplemented } from './lacking.ts'

/**
 * Names of the documentation that Linux lacks. A program that uses them still type-checks: a function throws an error
 * that names the platforms that have it, and a constant is undefined.
 */

/** Sets flags of a file. Availability: BSD, macOS. See chflags(2); Python, os.chflags. */
export const chflags: (
  path: Path,
  flags: number,
  options?: { readonly follow_symlinks?: boolean | undefined },
) => void = notImplemented('chflags', 'BSD and macOS')

/** Sets flags of a symbolic link itself. Availability: BSD, macOS. See lchflags(2); Python, os.lchflags. */
export const lchflags: (path: Path, flags: number) => void = notImplemented('lchflags', 'BSD and macOS')

/** Changes the permissions of a symbolic link itself. Availability: BSD, macOS, Windows. See Python, os.lchmod. */
export const lchmod: (path: Path, mode: number) => void = notImplemented('lchmod', 'BSD, macOS and Windows')

/** Returns the names of the drives. Availability: Windows. See Python, os.listdrives. */
export const listdrives: () => string[] = notImplemented('listdrives', 'Windows')

/** Returns the mount points of a volume. Availability: Windows. See Python, os.listmounts. */
export const listmounts: (volume: Path) => string[] = notImplemented('listmounts', 'Windows')

/** Returns the volumes. Availability: Windows. See Python, os.listvolumes. */
export const listvolumes: () => string[] = notImplemented('listvolumes', 'Windows')

/** Mount flag: files cannot be changed. Documented, but CPython does not define it on any platform. */
export const ST_IMMUTABLE: number | undefined = undefined

/** Locks the program into memory. Availability: some systems other than Linux. See Python, os.plock. */
export const plock: (op: number) => void = notImplemented('plock', 'Unix systems other than Linux')

/** Opens a file with the program that is associated with it. Availability: Windows. See Python, os.startfile. */
export const startfile: (path: Path, operation?: string, args?: string, cwd?: Path | null, show_cmd?: number) => void =
  notImplemented('startfile', 'Windows')

/** Adds a directory to search for libraries. Availability: Windows. See Python, os.add_dll_directory. */
export const add_dll_directory: (path: Path) => { close(): void } = notImplemented('add_dll_directory', 'Windows')

/** Mode of `spawn*` on Windows. */
export const P_DETACH: number | undefined = undefined
/** Mode of `spawn*` on Windows. */
export const P_OVERLAY: number | undefined = undefined
/** Exit code that Linux does not define. */
export const EX_NOTFOUND: number | undefined = undefined
/** `which` of `getpriority` and `setpriority`: a thread. Availability: macOS. */
export const PRIO_DARWIN_THREAD: number | undefined = undefined
/** `which` of `getpriority` and `setpriority`: a process. Availability: macOS. */
export const PRIO_DARWIN_PROCESS: number | undefined = undefined
/** Priority of background processes. Availability: macOS. */
export const PRIO_DARWIN_BG: number | undefined = undefined
/** Priority of processes without a user interface. Availability: macOS. */
export const PRIO_DARWIN_NONUI: number | undefined = undefined

/** Reports whether children inherit a handle. Availability: Windows. See Python, os.get_handle_inheritable. */
export const get_handle_inheritable: (handle: number) => boolean = notImplemented('get_handle_inheritable', 'Windows')

/** Sets whether children inherit a handle. Availability: Windows. See Python, os.set_handle_inheritable. */
export const set_handle_inheritable: (handle: number, inheritable: boolean) => void = notImplemented(
  'set_handle_inheritable',
  'Windows',
)

/** Flag of `open`: no translation of line ends. Availability: Windows. */
export const O_BINARY: number | undefined = undefined
/** Flag of `open`: not inherited by children. Availability: Windows; elsewhere `open` always opens such files. */
export const O_NOINHERIT: number | undefined = undefined
/** Flag of `open`: a temporary file that is kept in memory if possible. Availability: Windows. */
export const O_SHORT_LIVED: number | undefined = undefined
/** Flag of `open`: a file that is removed when it is closed. Availability: Windows. */
export const O_TEMPORARY: number | undefined = undefined
/** Flag of `open`: the file will be read in random order. Availability: Windows; elsewhere `posix_fadvise`. */
export const O_RANDOM: number | undefined = undefined
/** Flag of `open`: the file will be read sequentially. Availability: Windows; elsewhere `posix_fadvise`. */
export const O_SEQUENTIAL: number | undefined = undefined
/** Flag of `open`: line ends are translated. Availability: Windows. */
export const O_TEXT: number | undefined = undefined
/** Flag of `open`: for event notifications only. Availability: macOS. */
export const O_EVTONLY: number | undefined = undefined
/** Flag of `open`: open a symbolic link itself. Availability: macOS. */
export const O_SYMLINK: number | undefined = undefined
/** Flag of `open`: fail if any component of the path is a symbolic link. Availability: macOS. */
export const O_NOFOLLOW_ANY: number | undefined = undefined
/** Flag of `open`: with a shared lock on the file. Availability: BSD, macOS. */
export const O_SHLOCK: number | undefined = undefined
/** Flag of `open`: with an exclusive lock on the file. Availability: BSD, macOS. */
export const O_EXLOCK: number | undefined = undefined

/** Flag of `sendfile`: fail instead of waiting for the disk. Availability: FreeBSD. */
export const SF_NODISKIO: number | undefined = undefined
/** Flag of `sendfile`: fail instead of waiting for memory. Availability: FreeBSD. */
export const SF_MNOWAIT: number | undefined = undefined
/** Flag of `sendfile`: wait until the data has been sent. Availability: FreeBSD. */
export const SF_SYNC: number | undefined = undefined
/** Flag of `sendfile`: keep the data out of the cache. Availability: FreeBSD. */
export const SF_NOCACHE: number | undefined = undefined

/** Scheduling policy for servers. Documented; Linux does not have it. */
export const SCHED_SPORADIC: number | undefined = undefined
