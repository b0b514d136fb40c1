import { notImplemented } from '../os/lacking.ts'

/** Names of the documentation that Linux lacks. */

/** Makes a kernel queue. Availability: BSD, macOS. See kqueue(2); Python, select.kqueue. */
export const kqueue: () => never = notImplemented('kqueue', 'BSD and macOS')
/** Makes an event of a kernel queue. Availability: BSD, macOS. See kqueue(2); Python, select.kevent. */
export const kevent: (ident: number) => never = notImplemented('kevent', 'BSD and macOS')
/** Opens /dev/poll. Availability: Solaris. See Python, select.devpoll. */
export const devpoll: () => never = notImplemented('devpoll', 'Solaris')
