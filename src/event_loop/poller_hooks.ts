/**
 * Hooks that the poller installs when it is first used, so that `os` does not have to import it. Both are null until
 * the first wait for a descriptor.
 */
export const pollerHooks: {
  /** The descriptors from the first to the last are about to be closed, or have just been closed. */
  onClose: ((first: number, last: number) => void) | null
  /** This process has just become a child of fork(2). */
  onFork: (() => void) | null
} = { onClose: null, onFork: null }
