import { badValue, outOfRange, wrongType } from '../errors.ts'
import { failed, lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers, sizes } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { addressOf, ownMemory, putBigInt64, scratchAddress } from '../libc/memory.ts'
import { type Descriptor, descriptor } from '../os/arguments/descriptors.ts'
import { nanosecondsUp } from '../os/arguments/times.ts'
import { monotonic_ns } from '../time/clocks.ts'
import { type Deadline, isOver } from './timeout.ts'

/** select(2). */

const { FD_SETSIZE } = constants
const SET = sizes.fd_set ?? 0
const memory = ownMemory(3 * SET)
const address = addressOf(memory)

interface Given<T> {
  readonly object: T
  readonly fd: number
}

/** Checks a list of descriptors. */
export function checkedList<T extends Descriptor>(list: unknown, name: string): Given<T>[] {
  if (typeof list !== 'object' || list === null || !(Symbol.iterator in list))
    throw wrongType(name, 'an iterable', list)
  return Array.from(list as Iterable<T>, (object) => {
    const fd = descriptor(object, name)
    if (fd < 0 || fd >= FD_SETSIZE) {
      throw outOfRange(name, `of descriptors >= 0 and < ${FD_SETSIZE}: poll and epoll take others`, fd)
    }
    return { object, fd }
  })
}

/** Checks a timeout in seconds, and returns the end of the wait. */
export function endOf(timeout: unknown): Deadline {
  if (timeout === null || timeout === undefined) return null
  const duration = nanosecondsUp(timeout, 'timeout')
  if (duration < 0n) throw badValue('timeout', 'must be >= 0', timeout)
  return monotonic_ns() + duration
}

export type Lists<R, W, X> = [ready_to_read: R[], ready_to_write: W[], exceptional: X[]]

/** Waits until a descriptor of the lists is ready. */
export function selectNow<R, W, X>(
  lists: readonly [Given<R>[], Given<W>[], Given<X>[]],
  deadline: Deadline,
): Lists<R, W, X> {
  let count = 0
  for (const list of lists) for (const { fd } of list) count = Math.max(count, fd + 1)
  checkOpen(lists)
  for (;;) {
    memory.fill(0)
    for (const [index, list] of lists.entries()) for (const { fd } of list) setBit(index * SET, fd)
    if (deadline !== null) {
      const now = monotonic_ns()
      const left = deadline > now ? (deadline - now + 999n) / 1000n : 0n
      putBigInt64(0, left / 1_000_000n)
      putBigInt64(8, left % 1_000_000n)
    }
    const found = libc.select(count, address, address + SET, address + 2 * SET, deadline === null ? 0 : scratchAddress)
    if (found === -1) {
      const errno = lastErrno()
      if (errno !== errnoNumbers.EINTR) throw osError(errno, 'select')
    } else if (found > 0 || isOver(deadline)) {
      return [readyOf(lists[0], 0), readyOf(lists[1], SET), readyOf(lists[2], 2 * SET)]
    }
  }
}

/** How many descriptors the kernel's table has at least. */
const SMALLEST_TABLE = 64

/**
 * Throws for a descriptor that is not open. The kernel does so, except for those beyond its table: it ignores these, and
 * leaves them in the sets, as if they were ready.
 */
function checkOpen(lists: readonly (readonly Given<unknown>[])[]): void {
  for (const list of lists) {
    for (const { fd } of list) {
      if (fd < SMALLEST_TABLE) continue
      while (libc.fcntl(fd, constants.F_GETFD, 0) === -1) failed('select')
    }
  }
}

// Little-endian, as all targets are: the words of C's set are the same as bytes.
function setBit(set: number, fd: number): void {
  memory[set + (fd >> 3)] = (memory[set + (fd >> 3)] ?? 0) | (1 << (fd & 7))
}

function readyOf<T>(list: readonly Given<T>[], set: number): T[] {
  return list.filter(({ fd }) => ((memory[set + (fd >> 3)] ?? 0) & (1 << (fd & 7))) !== 0).map(({ object }) => object)
}

/**
 * select(2): waits until a descriptor is ready, or a time is over. `poll` and `epoll` do the same for any number of
 * descriptors.
 *
 * @param rlist descriptors to read from: numbers, or objects with `fd` or `fileno()`
 * @param wlist descriptors to write to
 * @param xlist descriptors of which urgent data is awaited
 * @param timeout seconds, fractions rounded up; 0 only asks; null, the default, for no end
 * @returns those of each list that are ready, as they were given; empty lists at the end of the time
 * @throws RangeError for a descriptor from 1024 (FD_SETSIZE) on, and for a negative one or a negative time; OSError EBADF
 *
 * Availability: Linux. See select(2); Python, select.select.
 * @example
 * ```ts
 * const [reader, writer] = os.pipe()
 * select.select([reader], [writer], [], 0) // => [[], [writer], []]
 * os.write(writer, Buffer.from('data'))
 * select.select([reader], [], []) // => [[reader], [], []]
 * os.close(reader)
 * os.close(writer)
 * ```
 */
export function select<R extends Descriptor, W extends Descriptor, X extends Descriptor>(
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeout: number | bigint | null = null,
): Lists<R, W, X> {
  const lists = [
    checkedList<R>(rlist, 'rlist'),
    checkedList<W>(wlist, 'wlist'),
    checkedList<X>(xlist, 'xlist'),
  ] as const
  return selectNow([...lists], endOf(timeout))
}
