import type { Path } from './arguments/paths.ts'
import { lacking } from './lacking.ts'

/**
 * What the documentation names and Linux lacks. A program that asks for it still type-checks: a function throws and
 * tells where it exists, a constant is undefined.
 */

/** Sets flags of a file. Availability: BSD, macOS. See chflags(2); Python, os.chflags. */
export const chflags: (
  path: Path,
  flags: number,
  options?: { readonly follow_symlinks?: boolean | undefined },
) => void = lacking('chflags', 'BSD and macOS')

/** Sets flags of a symbolic link itself. Availability: BSD, macOS. See lchflags(2); Python, os.lchflags. */
export const lchflags: (path: Path, flags: number) => void = lacking('lchflags', 'BSD and macOS')

/** Changes the permissions of a symbolic link itself. Availability: BSD, macOS, Windows. See Python, os.lchmod. */
export const lchmod: (path: Path, mode: number) => void = lacking('lchmod', 'BSD, macOS and Windows')

/** The names of the drives. Availability: Windows. See Python, os.listdrives. */
export const listdrives: () => string[] = lacking('listdrives', 'Windows')

/** Where a volume is mounted. Availability: Windows. See Python, os.listmounts. */
export const listmounts: (volume: Path) => string[] = lacking('listmounts', 'Windows')

/** The volumes. Availability: Windows. See Python, os.listvolumes. */
export const listvolumes: () => string[] = lacking('listvolumes', 'Windows')

/** Mount flag: files cannot be changed. Documented, but CPython defines it nowhere. */
export const ST_IMMUTABLE: number | undefined = undefined

/** Locks the program into memory. Availability: some systems other than Linux. See Python, os.plock. */
export const plock: (op: number) => void = lacking('plock', 'Unix systems other than Linux')

/** Opens a file with the program that is associated with it. Availability: Windows. See Python, os.startfile. */
export const startfile: (path: Path, operation?: string, args?: string, cwd?: Path | null, show_cmd?: number) => void =
  lacking('startfile', 'Windows')

/** Adds a directory to search for libraries. Availability: Windows. See Python, os.add_dll_directory. */
export const add_dll_directory: (path: Path) => { close(): void } = lacking('add_dll_directory', 'Windows')

/** Mode of `spawn*` on Windows. */
export const P_DETACH: number | undefined = undefined
/** Mode of `spawn*` on Windows. */
export const P_OVERLAY: number | undefined = undefined
/** Exit code that Linux does not define. */
export const EX_NOTFOUND: number | undefined = undefined
/** Whose priority: that of a thread. Availability: macOS. */
export const PRIO_DARWIN_THREAD: number | undefined = undefined
/** Whose priority: that of a process. Availability: macOS. */
export const PRIO_DARWIN_PROCESS: number | undefined = undefined
/** Priority: that of what runs in the background. Availability: macOS. */
export const PRIO_DARWIN_BG: number | undefined = undefined
/** Priority: no user interface. Availability: macOS. */
export const PRIO_DARWIN_NONUI: number | undefined = undefined

/** Whether children inherit a handle. Availability: Windows. See Python, os.get_handle_inheritable. */
export const get_handle_inheritable: (handle: number) => boolean = lacking('get_handle_inheritable', 'Windows')

/** Sets whether children inherit a handle. Availability: Windows. See Python, os.set_handle_inheritable. */
export const set_handle_inheritable: (handle: number, inheritable: boolean) => void = lacking(
  'set_handle_inheritable',
  'Windows',
)

/** Flag of `open`: no translation of line ends. Availability: Windows. */
export const O_BINARY: number | undefined = undefined
/** Flag of `open`: not inherited by children. Availability: Windows; `open` does so everywhere. */
export const O_NOINHERIT: number | undefined = undefined
/** Flag of `open`: a file that need not reach the disk. Availability: Windows. */
export const O_SHORT_LIVED: number | undefined = undefined
/** Flag of `open`: a file that is removed when it is closed. Availability: Windows. */
export const O_TEMPORARY: number | undefined = undefined
/** Flag of `open`: it will be read in random order. Availability: Windows; elsewhere `posix_fadvise`. */
export const O_RANDOM: number | undefined = undefined
/** Flag of `open`: it will be read sequentially. Availability: Windows; elsewhere `posix_fadvise`. */
export const O_SEQUENTIAL: number | undefined = undefined
/** Flag of `open`: line ends are translated. Availability: Windows. */
export const O_TEXT: number | undefined = undefined
/** Flag of `open`: for watching only. Availability: macOS. */
export const O_EVTONLY: number | undefined = undefined
/** Flag of `open`: a symbolic link itself. Availability: macOS. */
export const O_SYMLINK: number | undefined = undefined
/** Flag of `open`: refuse a symbolic link anywhere in the path. Availability: macOS. */
export const O_NOFOLLOW_ANY: number | undefined = undefined
/** Flag of `open`: with a shared lock on the file. Availability: BSD, macOS. */
export const O_SHLOCK: number | undefined = undefined
/** Flag of `open`: with an exclusive lock on the file. Availability: BSD, macOS. */
export const O_EXLOCK: number | undefined = undefined

/** Flag of `sendfile`: fail rather than wait for the disk. Availability: FreeBSD. */
export const SF_NODISKIO: number | undefined = undefined
/** Flag of `sendfile`: fail rather than wait for memory. Availability: FreeBSD. */
export const SF_MNOWAIT: number | undefined = undefined
/** Flag of `sendfile`: wait until the data has left. Availability: FreeBSD. */
export const SF_SYNC: number | undefined = undefined
/** Flag of `sendfile`: keep the data out of the cache. Availability: FreeBSD. */
export const SF_NOCACHE: number | undefined = undefined

/** Scheduling policy for servers. Documented; Linux does not have it. */
export const SCHED_SPORADIC: number | undefined = undefined
