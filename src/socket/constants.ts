import { constants } from '../libc/facts.ts'

/** The constants that go with the functions of Python's `socket` module that are here. */

const C = constants

/** Address family: Unix sockets, which connect processes of one machine. */
export const AF_UNIX: number = C.AF_UNIX
/** Socket type: a stream of bytes. */
export const SOCK_STREAM: number = C.SOCK_STREAM
/** Socket type: messages. */
export const SOCK_DGRAM: number = C.SOCK_DGRAM
/** Socket type: messages over a connection, which has an end. */
export const SOCK_SEQPACKET: number = C.SOCK_SEQPACKET
/** Combined with a socket type: the descriptors are close-on-exec, which they are anyway. */
export const SOCK_CLOEXEC: number = C.SOCK_CLOEXEC
/** Combined with a socket type: the descriptors are in non-blocking mode. */
export const SOCK_NONBLOCK: number = C.SOCK_NONBLOCK
/** The level of control messages that is that of sockets. */
export const SOL_SOCKET: number = C.SOL_SOCKET
/** The type of the control message that has descriptors. */
export const SCM_RIGHTS: number = C.SCM_RIGHTS
/** Flag: received descriptors are close-on-exec, which they are anyway. */
export const MSG_CMSG_CLOEXEC: number = C.MSG_CMSG_CLOEXEC
/** Flag of a received message: it had more descriptors than there was room for. They are closed. */
export const MSG_CTRUNC: number = C.MSG_CTRUNC
/** Flag: the call does not block (BlockingIOError). */
export const MSG_DONTWAIT: number = C.MSG_DONTWAIT
/** Flag: the end of a record (SOCK_SEQPACKET). */
export const MSG_EOR: number = C.MSG_EOR
/** Flag: no SIGPIPE if the other end is closed; none comes anyway. */
export const MSG_NOSIGNAL: number = C.MSG_NOSIGNAL
/** Flag: urgent data. */
export const MSG_OOB: number = C.MSG_OOB
/** Flag: the message stays in the queue. Its descriptors are received each time. */
export const MSG_PEEK: number = C.MSG_PEEK
/** Flag of a received message: it was longer than the buffer. The rest is lost. */
export const MSG_TRUNC: number = C.MSG_TRUNC
/** Flag: waits until the whole buffer is full. */
export const MSG_WAITALL: number = C.MSG_WAITALL
