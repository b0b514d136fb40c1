import { constants } from '../../libc/facts.ts'

/** Constants for calls on descriptors: flags of `open`, `whence` values of `lseek`, commands of `lockf`, advice. */

/** Flag of `open`: for reading only. */
export const O_RDONLY: number = constants.O_RDONLY
/** Flag of `open`: for writing only. */
export const O_WRONLY: number = constants.O_WRONLY
/** Flag of `open`: for reading and writing. */
export const O_RDWR: number = constants.O_RDWR
/** Mask of the access mode in a file's flags: compare the result with O_RDONLY, O_WRONLY and O_RDWR. */
export const O_ACCMODE: number = constants.O_ACCMODE
/** Flag of `open`: every write appends to the end of the file. */
export const O_APPEND: number = constants.O_APPEND
/** Flag of `open`: the system sends SIGIO when the file becomes readable or writable. */
export const O_ASYNC: number = constants.O_ASYNC
/** Flag of `open`: close the descriptor when another program is executed. `open` always adds this flag. */
export const O_CLOEXEC: number = constants.O_CLOEXEC
/** Flag of `open`: create the file if it does not exist. */
export const O_CREAT: number = constants.O_CREAT
/** Flag of `open`: bypass the page cache; memory, offsets and sizes must be aligned. */
export const O_DIRECT: number = constants.O_DIRECT
/** Flag of `open`: fail if the path is not a directory. */
export const O_DIRECTORY: number = constants.O_DIRECTORY
/** Flag of `open`: each write waits until its data is on the disk. */
export const O_DSYNC: number = constants.O_DSYNC
/** Flag of `open`: with O_CREAT, fail if the file exists. */
export const O_EXCL: number = constants.O_EXCL
/** Flag of `open`: an old name of O_SYNC, which glibc has and musl lacks. */
export const O_FSYNC: number | undefined = constants.O_FSYNC
/** Flag of `open`: allow files of more than 2 GiB; 64-bit systems always allow them. */
export const O_LARGEFILE: number = constants.O_LARGEFILE
/** Flag of `open`: another name of O_NONBLOCK. */
export const O_NDELAY: number = constants.O_NDELAY
/** Flag of `open`: reading does not update the access time; for the file's owner only. */
export const O_NOATIME: number = constants.O_NOATIME
/** Flag of `open`: a terminal does not become the controlling terminal. */
export const O_NOCTTY: number = constants.O_NOCTTY
/** Flag of `open`: fail if the last component of the path is a symbolic link. */
export const O_NOFOLLOW: number = constants.O_NOFOLLOW
/** Flag of `open`: a call that would block fails with BlockingIOError instead. */
export const O_NONBLOCK: number = constants.O_NONBLOCK
/** Flag of `open`: open only a reference to the path, which cannot be read or written; useful as `dir_fd`. */
export const O_PATH: number = constants.O_PATH
/** Flag of `open`: reading waits for pending writes; Linux treats it as O_SYNC. */
export const O_RSYNC: number = constants.O_RSYNC
/** Flag of `open`: each write waits until data and metadata are on the disk. */
export const O_SYNC: number = constants.O_SYNC
/** Flag of `open`: create an unnamed file, in the directory that the path names. */
export const O_TMPFILE: number = constants.O_TMPFILE
/** Flag of `open`: truncate the file to length 0. */
export const O_TRUNC: number = constants.O_TRUNC

/** `lseek`: from the start of the file. */
export const SEEK_SET: number = constants.SEEK_SET
/** `lseek`: from the current position. */
export const SEEK_CUR: number = constants.SEEK_CUR
/** `lseek`: from the end of the file. */
export const SEEK_END: number = constants.SEEK_END
/** `lseek`: to the next data at or after the position given. */
export const SEEK_DATA: number = constants.SEEK_DATA
/** `lseek`: to the next hole at or after the position given; the end of the file is a hole, too. */
export const SEEK_HOLE: number = constants.SEEK_HOLE

/** Command of `lockf`: lock, and wait while another process holds a lock on a part of the range. */
export const F_LOCK: number = constants.F_LOCK
/** Command of `lockf`: lock, or fail at once. */
export const F_TLOCK: number = constants.F_TLOCK
/** Command of `lockf`: unlock. */
export const F_ULOCK: number = constants.F_ULOCK
/** Command of `lockf`: fail if another process holds a lock. */
export const F_TEST: number = constants.F_TEST

/** Advice of `posix_fadvise`: no advice. */
export const POSIX_FADV_NORMAL: number = constants.POSIX_FADV_NORMAL
/** Advice of `posix_fadvise`: the data will be read sequentially. */
export const POSIX_FADV_SEQUENTIAL: number = constants.POSIX_FADV_SEQUENTIAL
/** Advice of `posix_fadvise`: the data will be read in random order. */
export const POSIX_FADV_RANDOM: number = constants.POSIX_FADV_RANDOM
/** Advice of `posix_fadvise`: the data will be read once. */
export const POSIX_FADV_NOREUSE: number = constants.POSIX_FADV_NOREUSE
/** Advice of `posix_fadvise`: the data will be read soon. */
export const POSIX_FADV_WILLNEED: number = constants.POSIX_FADV_WILLNEED
/** Advice of `posix_fadvise`: the data will not be read in the near future. */
export const POSIX_FADV_DONTNEED: number = constants.POSIX_FADV_DONTNEED

/** Flag of `preadv` and `pwritev`: poll the device instead of waiting for its interrupt; with O_DIRECT only. */
export const RWF_HIPRI: number = constants.RWF_HIPRI
/** Flag of `pwritev`: as O_DSYNC, for this write alone. */
export const RWF_DSYNC: number = constants.RWF_DSYNC
/** Flag of `pwritev`: as O_SYNC, for this write alone. */
export const RWF_SYNC: number = constants.RWF_SYNC
/** Flag of `preadv` and `pwritev`: a call that would block fails with BlockingIOError instead. */
export const RWF_NOWAIT: number = constants.RWF_NOWAIT
/** Flag of `pwritev`: append to the end of the file, as O_APPEND. */
export const RWF_APPEND: number = constants.RWF_APPEND

/** Flag of `splice`: move pages if possible; a hint, which Linux ignores. */
export const SPLICE_F_MOVE: number = constants.SPLICE_F_MOVE
/** Flag of `splice`, `tee` and `vmsplice`: do not wait for the pipe. */
export const SPLICE_F_NONBLOCK: number = constants.SPLICE_F_NONBLOCK
/** Flag of `splice`: more data will follow; a socket delays sending until then. */
export const SPLICE_F_MORE: number = constants.SPLICE_F_MORE
/** Flag of `vmsplice`: the caller gives the memory to the kernel and must not change it again. */
export const SPLICE_F_GIFT: number = constants.SPLICE_F_GIFT
