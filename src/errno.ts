import { errnoNumbers } from './libc/facts.ts'

export { errorcode } from './errors.ts'

/** Python's `errno` module: the error numbers of this platform, in the order of Linux's headers. */

const E = errnoNumbers

/** The operation is not permitted (PermissionError). */
export const EPERM: number = E.EPERM
/** There is no such file or directory (FileNotFoundError). */
export const ENOENT: number = E.ENOENT
/** There is no such process (ProcessLookupError). */
export const ESRCH: number = E.ESRCH
/** A signal interrupted the call (InterruptedError). */
export const EINTR: number = E.EINTR
/** Input or output failed in the device. */
export const EIO: number = E.EIO
/** There is no such device or address. */
export const ENXIO: number = E.ENXIO
/** The arguments and the environment are too long together. */
export const E2BIG: number = E.E2BIG
/** The file is not an executable. */
export const ENOEXEC: number = E.ENOEXEC
/** The descriptor is not open, or not open in the required mode. */
export const EBADF: number = E.EBADF
/** There is no such child (ChildProcessError). */
export const ECHILD: number = E.ECHILD
/** The operation would block; try again later (BlockingIOError). */
export const EAGAIN: number = E.EAGAIN
/** The same number as EAGAIN on Linux (BlockingIOError). */
export const EWOULDBLOCK: number = E.EWOULDBLOCK
/** There is not enough memory. */
export const ENOMEM: number = E.ENOMEM
/** Permission is denied (PermissionError). */
export const EACCES: number = E.EACCES
/** An address is outside the process's memory. */
export const EFAULT: number = E.EFAULT
/** A block device is needed. */
export const ENOTBLK: number = E.ENOTBLK
/** The device or the resource is in use. */
export const EBUSY: number = E.EBUSY
/** The file already exists (FileExistsError). */
export const EEXIST: number = E.EEXIST
/** The two paths are on different file systems. */
export const EXDEV: number = E.EXDEV
/** There is no such device, or it does not support the operation. */
export const ENODEV: number = E.ENODEV
/** The file is not a directory (NotADirectoryError). */
export const ENOTDIR: number = E.ENOTDIR
/** The file is a directory (IsADirectoryError). */
export const EISDIR: number = E.EISDIR
/** An argument is not valid. */
export const EINVAL: number = E.EINVAL
/** The whole system has too many files open. */
export const ENFILE: number = E.ENFILE
/** The process has too many files open. */
export const EMFILE: number = E.EMFILE
/** The descriptor is not a terminal, or does not support the request. */
export const ENOTTY: number = E.ENOTTY
/** The program is being run, or the file is being written. */
export const ETXTBSY: number = E.ETXTBSY
/** The file would grow too large. */
export const EFBIG: number = E.EFBIG
/** No space is left on the device. */
export const ENOSPC: number = E.ENOSPC
/** The file has no position, as a pipe. */
export const ESPIPE: number = E.ESPIPE
/** The file system is read-only. */
export const EROFS: number = E.EROFS
/** The file has too many links. */
export const EMLINK: number = E.EMLINK
/** The other end of the pipe or socket is closed (BrokenPipeError). */
export const EPIPE: number = E.EPIPE
/** An argument lies outside a function's domain. */
export const EDOM: number = E.EDOM
/** A result cannot be represented. */
export const ERANGE: number = E.ERANGE
/** Waiting for the lock would be a deadlock. */
export const EDEADLK: number = E.EDEADLK
/** The same number as EDEADLK on Linux. */
export const EDEADLOCK: number = E.EDEADLOCK
/** The name or the path is too long. */
export const ENAMETOOLONG: number = E.ENAMETOOLONG
/** No more locks are available. */
export const ENOLCK: number = E.ENOLCK
/** The kernel does not have this call. */
export const ENOSYS: number = E.ENOSYS
/** The directory is not empty. */
export const ENOTEMPTY: number = E.ENOTEMPTY
/** Symbolic links form a cycle, or there are too many. */
export const ELOOP: number = E.ELOOP
/** There is no message of this kind. */
export const ENOMSG: number = E.ENOMSG
/** The identifier was removed. */
export const EIDRM: number = E.EIDRM
/** The channel number is out of range. */
export const ECHRNG: number = E.ECHRNG
/** Level 2 is not synchronized. */
export const EL2NSYNC: number = E.EL2NSYNC
/** Level 3 has halted. */
export const EL3HLT: number = E.EL3HLT
/** Level 3 was reset. */
export const EL3RST: number = E.EL3RST
/** The link number is out of range. */
export const ELNRNG: number = E.ELNRNG
/** The protocol's driver is not attached. */
export const EUNATCH: number = E.EUNATCH
/** There is no CSI structure. */
export const ENOCSI: number = E.ENOCSI
/** Level 2 has halted. */
export const EL2HLT: number = E.EL2HLT
/** The exchange is not valid. */
export const EBADE: number = E.EBADE
/** The request's descriptor is not valid. */
export const EBADR: number = E.EBADR
/** The exchange is full. */
export const EXFULL: number = E.EXFULL
/** There is no anode. */
export const ENOANO: number = E.ENOANO
/** The request's code is not valid. */
export const EBADRQC: number = E.EBADRQC
/** The slot is not valid. */
export const EBADSLT: number = E.EBADSLT
/** The font file has a wrong format. */
export const EBFONT: number = E.EBFONT
/** The device is not a stream. */
export const ENOSTR: number = E.ENOSTR
/** There is no data; for extended attributes: there is no attribute of this name. */
export const ENODATA: number = E.ENODATA
/** The timer expired. */
export const ETIME: number = E.ETIME
/** There are no more streams. */
export const ENOSR: number = E.ENOSR
/** The machine is not on a network. */
export const ENONET: number = E.ENONET
/** The package is not installed. */
export const ENOPKG: number = E.ENOPKG
/** The object is on another machine. */
export const EREMOTE: number = E.EREMOTE
/** The link was severed. */
export const ENOLINK: number = E.ENOLINK
/** Advertising failed. */
export const EADV: number = E.EADV
/** A remote mount failed. */
export const ESRMNT: number = E.ESRMNT
/** Sending failed. */
export const ECOMM: number = E.ECOMM
/** The protocol was violated. */
export const EPROTO: number = E.EPROTO
/** Several hops were attempted. */
export const EMULTIHOP: number = E.EMULTIHOP
/** An error of RFS. */
export const EDOTDOT: number = E.EDOTDOT
/** The message is not of the expected type. */
export const EBADMSG: number = E.EBADMSG
/** The value is too large for its type. */
export const EOVERFLOW: number = E.EOVERFLOW
/** The name is not unique on the network. */
export const ENOTUNIQ: number = E.ENOTUNIQ
/** The descriptor is in a wrong state. */
export const EBADFD: number = E.EBADFD
/** The remote address changed. */
export const EREMCHG: number = E.EREMCHG
/** A shared library cannot be read. */
export const ELIBACC: number = E.ELIBACC
/** A shared library is damaged. */
export const ELIBBAD: number = E.ELIBBAD
/** The .lib section of a program is damaged. */
export const ELIBSCN: number = E.ELIBSCN
/** Too many shared libraries would be linked. */
export const ELIBMAX: number = E.ELIBMAX
/** A shared library cannot be executed. */
export const ELIBEXEC: number = E.ELIBEXEC
/** The bytes are not a valid character. */
export const EILSEQ: number = E.EILSEQ
/** The interrupted call should be made again. */
export const ERESTART: number = E.ERESTART
/** A stream's pipe failed. */
export const ESTRPIPE: number = E.ESTRPIPE
/** There are too many users. */
export const EUSERS: number = E.EUSERS
/** The descriptor is not a socket. */
export const ENOTSOCK: number = E.ENOTSOCK
/** A destination address is required. */
export const EDESTADDRREQ: number = E.EDESTADDRREQ
/** The message is too long. */
export const EMSGSIZE: number = E.EMSGSIZE
/** The protocol does not match the socket's type. */
export const EPROTOTYPE: number = E.EPROTOTYPE
/** The protocol has no such option. */
export const ENOPROTOOPT: number = E.ENOPROTOOPT
/** The protocol is not supported. */
export const EPROTONOSUPPORT: number = E.EPROTONOSUPPORT
/** The socket's type is not supported. */
export const ESOCKTNOSUPPORT: number = E.ESOCKTNOSUPPORT
/** The operation is not supported. */
export const EOPNOTSUPP: number = E.EOPNOTSUPP
/** The same number as EOPNOTSUPP on Linux. */
export const ENOTSUP: number = E.ENOTSUP
/** The protocol family is not supported. */
export const EPFNOSUPPORT: number = E.EPFNOSUPPORT
/** The address family is not supported. */
export const EAFNOSUPPORT: number = E.EAFNOSUPPORT
/** The address is in use. */
export const EADDRINUSE: number = E.EADDRINUSE
/** The address is not available on this machine. */
export const EADDRNOTAVAIL: number = E.EADDRNOTAVAIL
/** The network is down. */
export const ENETDOWN: number = E.ENETDOWN
/** The network is unreachable. */
export const ENETUNREACH: number = E.ENETUNREACH
/** The network dropped the connection. */
export const ENETRESET: number = E.ENETRESET
/** The connection was aborted (ConnectionAbortedError). */
export const ECONNABORTED: number = E.ECONNABORTED
/** The peer reset the connection (ConnectionResetError). */
export const ECONNRESET: number = E.ECONNRESET
/** There is no space for buffers. */
export const ENOBUFS: number = E.ENOBUFS
/** The socket is already connected. */
export const EISCONN: number = E.EISCONN
/** The socket is not connected. */
export const ENOTCONN: number = E.ENOTCONN
/** Sending has been shut down (BrokenPipeError). */
export const ESHUTDOWN: number = E.ESHUTDOWN
/** There are too many references. */
export const ETOOMANYREFS: number = E.ETOOMANYREFS
/** The operation timed out (TimeoutError). */
export const ETIMEDOUT: number = E.ETIMEDOUT
/** The peer refused the connection (ConnectionRefusedError). */
export const ECONNREFUSED: number = E.ECONNREFUSED
/** The host is down. */
export const EHOSTDOWN: number = E.EHOSTDOWN
/** The host is unreachable. */
export const EHOSTUNREACH: number = E.EHOSTUNREACH
/** The operation is already in progress (BlockingIOError). */
export const EALREADY: number = E.EALREADY
/** The operation has started and is in progress (BlockingIOError). */
export const EINPROGRESS: number = E.EINPROGRESS
/** The file of an NFS handle no longer exists. */
export const ESTALE: number = E.ESTALE
/** The file system needs repair. */
export const EUCLEAN: number = E.EUCLEAN
/** The file is not a XENIX named file. */
export const ENOTNAM: number = E.ENOTNAM
/** There are no XENIX semaphores. */
export const ENAVAIL: number = E.ENAVAIL
/** The file is a XENIX named file. */
export const EISNAM: number = E.EISNAM
/** A remote input or output error. */
export const EREMOTEIO: number = E.EREMOTEIO
/** The quota is exceeded. */
export const EDQUOT: number = E.EDQUOT
/** There is no medium in the drive. */
export const ENOMEDIUM: number = E.ENOMEDIUM
/** The medium is of the wrong type. */
export const EMEDIUMTYPE: number = E.EMEDIUMTYPE
/** The operation was cancelled. */
export const ECANCELED: number = E.ECANCELED
/** There is no such key. */
export const ENOKEY: number = E.ENOKEY
/** The key has expired. */
export const EKEYEXPIRED: number = E.EKEYEXPIRED
/** The key was revoked. */
export const EKEYREVOKED: number = E.EKEYREVOKED
/** The key was rejected. */
export const EKEYREJECTED: number = E.EKEYREJECTED
/** The owner of the lock died. */
export const EOWNERDEAD: number = E.EOWNERDEAD
/** The state cannot be repaired. */
export const ENOTRECOVERABLE: number = E.ENOTRECOVERABLE
/** An RF-kill switch has turned off the radio. */
export const ERFKILL: number = E.ERFKILL
/** The memory page has a hardware error. */
export const EHWPOISON: number = E.EHWPOISON

// Names of Python that no C library on Linux defines.

/** Authentication failed. Availability: macOS, BSD. */
export const EAUTH: number | undefined = undefined
/** The program is for another processor. Availability: macOS. */
export const EBADARCH: number | undefined = undefined
/** The program is damaged. Availability: macOS. */
export const EBADEXEC: number | undefined = undefined
/** The Mach-O file is malformed. Availability: macOS. */
export const EBADMACHO: number | undefined = undefined
/** The RPC structure is bad. Availability: macOS, BSD. */
export const EBADRPC: number | undefined = undefined
/** The device failed. Availability: macOS. */
export const EDEVERR: number | undefined = undefined
/** The file is of the wrong type or format. Availability: macOS, BSD. */
export const EFTYPE: number | undefined = undefined
/** The lock was unmapped. Availability: Solaris. */
export const ELOCKUNMAPPED: number | undefined = undefined
/** Authentication is needed. Availability: macOS, BSD. */
export const ENEEDAUTH: number | undefined = undefined
/** There is no such extended attribute. Availability: macOS, BSD. */
export const ENOATTR: number | undefined = undefined
/** There is no such policy. Availability: macOS. */
export const ENOPOLICY: number | undefined = undefined
/** The facility is not active. Availability: Solaris. */
export const ENOTACTIVE: number | undefined = undefined
/** The capabilities are insufficient (PermissionError). Availability: FreeBSD, WASI. */
export const ENOTCAPABLE: number | undefined = undefined
/** There are too many processes. Availability: macOS, BSD. */
export const EPROCLIM: number | undefined = undefined
/** The program has no such procedure. Availability: macOS, BSD. */
export const EPROCUNAVAIL: number | undefined = undefined
/** The program's version does not match. Availability: macOS, BSD. */
export const EPROGMISMATCH: number | undefined = undefined
/** There is no such RPC program. Availability: macOS, BSD. */
export const EPROGUNAVAIL: number | undefined = undefined
/** The device is switched off. Availability: macOS. */
export const EPWROFF: number | undefined = undefined
/** The interface's output queue is full. Availability: macOS. */
export const EQFULL: number | undefined = undefined
/** The RPC version does not match. Availability: macOS, BSD. */
export const ERPCMISMATCH: number | undefined = undefined
/** The shared library's version does not match. Availability: macOS. */
export const ESHLIBVERS: number | undefined = undefined

export * as default from './errno.ts'
