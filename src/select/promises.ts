import type { Descriptor } from '../os/arguments/descriptors.ts'
import type { WaitOptions } from '../promises/wait_options.ts'
import { POLLIN, POLLOUT, POLLPRI } from './constants.ts'
import { checkedList, endOf, type Lists, selectNow } from './select.ts'
import { untilAnyReady } from './until_ready.ts'

/** The function of `select` that waits, returning a promise. Objects have `pollAsync`. */

/**
 * Waits as `select.select` does, without blocking the event loop.
 *
 * @param rlist descriptors to read from: numbers, or objects with `fd` or `fileno()`
 * @param wlist descriptors to write to
 * @param xlist descriptors of which urgent data is awaited
 * @param timeout seconds, fractions rounded up; 0 only asks; null, the default, for no end
 * @param options `signal`: aborted, it makes the promise reject; `ref`: false lets the process end meanwhile
 * @returns those of each list that are ready, as they were given; empty lists at the end of the time
 * @throws RangeError for a descriptor from 1024 (FD_SETSIZE) on, and for a negative one or a negative time; OSError EBADF
 *
 * Availability: Linux. See select(2); Python, select.select.
 * @example
 * ```ts
 * const [reader, writer] = os.pipe()
 * setTimeout(() => os.write(writer, Buffer.from('data')), 10)
 * await select.promises.select([reader], [], []) // => [[reader], [], []]
 * os.close(reader)
 * os.close(writer)
 * ```
 */
export async function select<R extends Descriptor, W extends Descriptor, X extends Descriptor>(
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeout: number | bigint | null = null,
  options?: WaitOptions,
): Promise<Lists<R, W, X>> {
  const read = checkedList<R>(rlist, 'rlist')
  const write = checkedList<W>(wlist, 'wlist')
  const urgent = checkedList<X>(xlist, 'xlist')
  const ask = (): Lists<R, W, X> => selectNow([read, write, urgent], 0n)
  const watched = new Map<number, number>()
  const watch = (list: readonly { readonly fd: number }[], events: number): void => {
    for (const { fd } of list) watched.set(fd, (watched.get(fd) ?? 0) | events)
  }
  watch(read, POLLIN)
  watch(write, POLLOUT)
  watch(urgent, POLLPRI)
  return untilAnyReady(
    () => {
      const result = ask()
      return result.every((list) => list.length === 0) ? null : result
    },
    watched,
    () => [[], [], []],
    endOf(timeout),
    options,
  )
}
