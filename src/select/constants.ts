import { constants } from '../libc/facts.ts'

/** Events, and other constants. */

const C = constants

/** How many bytes a write to a pipe transfers whole: at least so many may be written once `poll` reports it writable. */
export const PIPE_BUF: number = C.PIPE_BUF
/** Event of `poll`: data to read. */
export const POLLIN: number = C.POLLIN
/** Event of `poll`: urgent data to read. */
export const POLLPRI: number = C.POLLPRI
/** Event of `poll`: a write will not block. */
export const POLLOUT: number = C.POLLOUT
/** Event of `poll`: an error; it is reported always. */
export const POLLERR: number = C.POLLERR
/** Event of `poll`: the other end was closed; it is reported always. */
export const POLLHUP: number = C.POLLHUP
/** Event of `poll`: the descriptor is not open; it is reported always. */
export const POLLNVAL: number = C.POLLNVAL
/** Event of `poll`: the other end of a stream socket was closed, or its writing side. Availability: Linux 2.6.17. */
export const POLLRDHUP: number = C.POLLRDHUP
/** Event of `poll`: POLLIN, under another name. */
export const POLLRDNORM: number = C.POLLRDNORM
/** Event of `poll`: priority data to read; not used by Linux. */
export const POLLRDBAND: number = C.POLLRDBAND
/** Event of `poll`: POLLOUT, under another name. */
export const POLLWRNORM: number = C.POLLWRNORM
/** Event of `poll`: priority data may be written. */
export const POLLWRBAND: number = C.POLLWRBAND
/** Event of `poll`: not used by Linux. */
export const POLLMSG: number | undefined = C.POLLMSG

/** Event of `epoll`: data to read. */
export const EPOLLIN: number = C.EPOLLIN
/** Event of `epoll`: a write will not block. */
export const EPOLLOUT: number = C.EPOLLOUT
/** Event of `epoll`: urgent data to read. */
export const EPOLLPRI: number = C.EPOLLPRI
/** Event of `epoll`: an error; it is reported always. */
export const EPOLLERR: number = C.EPOLLERR
/** Event of `epoll`: the other end was closed; it is reported always. */
export const EPOLLHUP: number = C.EPOLLHUP
/** Event of `epoll`: the other end of a stream socket was closed, or its writing side. */
export const EPOLLRDHUP: number = C.EPOLLRDHUP
/** Event of `epoll`: EPOLLIN, under another name. */
export const EPOLLRDNORM: number = C.EPOLLRDNORM
/** Event of `epoll`: priority data to read. */
export const EPOLLRDBAND: number = C.EPOLLRDBAND
/** Event of `epoll`: EPOLLOUT, under another name. */
export const EPOLLWRNORM: number = C.EPOLLWRNORM
/** Event of `epoll`: priority data may be written. */
export const EPOLLWRBAND: number = C.EPOLLWRBAND
/** Event of `epoll`: not used by Linux. */
export const EPOLLMSG: number = C.EPOLLMSG
/** Way of `epoll`: an event is reported once, when it occurs (edge-triggered). */
export const EPOLLET: number = C.EPOLLET >>> 0
/** Way of `epoll`: after an event the descriptor is disabled, until `modify`. */
export const EPOLLONESHOT: number = C.EPOLLONESHOT
/** Way of `epoll`: of several instances with the descriptor one or more are woken, not all. Availability: Linux 4.5. */
export const EPOLLEXCLUSIVE: number = C.EPOLLEXCLUSIVE
/** Flag of `epoll`: close-on-exec; it is set always. */
export const EPOLL_CLOEXEC: number = C.EPOLL_CLOEXEC
