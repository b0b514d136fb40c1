import { sharedState } from '../copies.ts'

/**
 * Events of descriptors and of the process that the event loop's modules listen to. `os` reports them without importing
 * those modules, which are loaded when a promise first needs them.
 */

/** Of all copies of this package: whichever of them forks, the child has inherited the state of all. */
const forkListeners: (() => void)[] = sharedState('fork-listeners.v1', () => [])

type CloseListener = (first: number, last: number) => void

/** Functions that `os` calls. */
export const descriptorEvents: {
  /** The descriptors in the range `first` to `last` are about to be closed, or have just been closed. Null until a module listens. */
  onClose: CloseListener | null
  /** This process is a new child of fork(2). */
  readonly onFork: () => void
  /** The epoll instance by which promises of this thread wait for the caller's descriptors; -1 if there is none. */
  pollerFd: number
} = {
  onClose: null,
  onFork: () => {
    for (const each of forkListeners) each()
  },
  pollerFd: -1,
}

const closeListeners: CloseListener[] = []

/** Calls a function whenever a call of `os` closes descriptors, before those that listen already. */
export function addCloseListener(listener: CloseListener): void {
  closeListeners.unshift(listener)
  descriptorEvents.onClose =
    closeListeners.length === 1
      ? listener
      : (first, last) => {
          for (const each of closeListeners) each(first, last)
        }
}

/** Calls a function in each forked child. */
export function addForkListener(listener: () => void): void {
  forkListeners.push(listener)
}
