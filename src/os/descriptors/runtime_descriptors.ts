import { readFileSync, readlinkSync } from 'node:fs'
import { NotImplementedError } from '../../errors.ts'
import { descriptorEvents } from '../../event_loop/descriptor_events.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { loopDescriptors } from '../../libc/loop_descriptors.ts'
import { int32At, scratchAddress } from '../../libc/memory.ts'
import { isBun, isNode } from '../../libc/node.ts'

const { F_GETFD, F_GETFL, FD_CLOEXEC, FIONREAD, O_ACCMODE, O_RDONLY } = constants
const devnull = '/dev/null'

/** The objects by which event loops wait and are woken. Programs of Node have them through Node or osier only. */
const LOOP_OBJECTS = ['anon_inode:[eventpoll]', 'anon_inode:[eventfd]', 'anon_inode:[io_uring]']
const EPOLL = LOOP_OBJECTS[0]

/**
 * Finds the descriptors without which the runtime cannot continue, from what the kernel and libuv report:
 * - each epoll instance, eventfd and io_uring instance
 * - each descriptor that an event loop watches, except by the poller of `osier/promises` in this thread
 * - each descriptor of a handle of this thread's event loop (Node)
 * - the other end of each pipe among them
 * - the pipe that is libuv's lock of signal handlers (Node), and each pipe that is like it: both ends are in this process
 *   and close-on-exec, and there is one byte in it
 * - each descriptor of /dev/null that is read-only and close-on-exec: libuv reserves one for each event loop, to have a
 *   number left when no other is free (src/unix/stream.c)
 *
 * @param open the open descriptors
 * @throws NotImplementedError in Deno, and in a build of Node whose libuv is not known
 * @throws Error if /proc does not say what an epoll instance watches
 */
export function runtimeDescriptors(open: readonly number[]): Set<number> {
  if (!isNode && !isBun) {
    throw new NotImplementedError('os.closerange() with spare_runtime: Deno does not say which descriptors it needs')
  }
  const spared = loopDescriptors()
  const links = new Map(open.map((fd) => [fd, linkOf(fd)]))
  for (const [fd, link] of links) {
    if (isNode && link === devnull && isLikeReserve(fd)) spared.add(fd)
    if (link === undefined || !LOOP_OBJECTS.includes(link)) continue
    spared.add(fd)
    if (link === EPOLL && fd !== descriptorEvents.pollerFd) for (const watched of watchedBy(fd)) spared.add(watched)
  }
  for (const fds of pipesOf(links)) {
    if (fds.some((fd) => spared.has(fd)) || (isNode && isLikeSignalLock(fds))) for (const fd of fds) spared.add(fd)
  }
  return spared
}

/** The descriptors of each pipe. */
function pipesOf(links: ReadonlyMap<number, string | undefined>): Iterable<readonly number[]> {
  const pipes = new Map<string, number[]>()
  for (const [fd, link] of links) {
    if (link === undefined || !link.startsWith('pipe:')) continue
    const fds = pipes.get(link)
    if (fds === undefined) pipes.set(link, [fd])
    else fds.push(fd)
  }
  return pipes.values()
}

/** Whether a descriptor of /dev/null is like the one that libuv reserves. */
function isLikeReserve(fd: number): boolean {
  const isReadOnly = (libc.fcntl(fd, F_GETFL, 0) & O_ACCMODE) === O_RDONLY
  return isReadOnly && libc.fcntl(fd, F_GETFD, 0) === FD_CLOEXEC
}

/** Whether a pipe is what libuv makes as a lock that signal handlers may take (src/unix/signal.c). */
function isLikeSignalLock(fds: readonly number[]): boolean {
  if (fds.length !== 2 || !fds.every((fd) => libc.fcntl(fd, F_GETFD, 0) === FD_CLOEXEC)) return false
  // While another thread has the lock, there is no byte: that takes a few microseconds.
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (libc.ioctl(fds[0] as number, FIONREAD, scratchAddress) === 0 && int32At(0) === 1) return true
  }
  return false
}

const MAX_TRIES = 20

/** What a descriptor refers to, as the kernel names it; `undefined` if it has been closed meanwhile. */
function linkOf(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined
  }
}

/** The descriptors that an epoll instance watches; see proc_pid_fdinfo(5). */
function watchedBy(epoll: number): number[] {
  const lines = readFileSync(`/proc/self/fdinfo/${epoll}`, 'latin1').matchAll(/^tfd:\s*(\d+)/gm)
  return Array.from(lines, ([, fd]) => Number(fd))
}
