import { notImplemented } from '../os/lacking.ts'

/** Names of the documentation that Linux lacks. */

/**
 * Makes a kernel queue.
 *
 * Availability: BSD, macOS. See kqueue(2); Python, select.kqueue.
 * @example
 * ```ts
 * select.kqueue() // throws NotImplementedError
 * ```
 */
export const kqueue: () => never = notImplemented('kqueue', 'BSD and macOS')
/**
 * Makes an event of a kernel queue.
 *
 * Availability: BSD, macOS. See kqueue(2); Python, select.kevent.
 * @example
 * ```ts
 * select.kevent(0) // throws NotImplementedError
 * ```
 */
export const kevent: (ident: number) => never = notImplemented('kevent', 'BSD and macOS')
/**
 * Opens /dev/poll.
 *
 * Availability: Solaris. See Python, select.devpoll.
 * @example
 * ```ts
 * select.devpoll() // throws NotImplementedError
 * ```
 */
export const devpoll: () => never = notImplemented('devpoll', 'Solaris')
