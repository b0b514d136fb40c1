/**
 * What the event loop is told by parts of `os` that do without it: they would otherwise load it. Both are null as long
 * as nobody has waited for a descriptor.
 */
export const pollerHooks: {
  /** The descriptors from the first to the last are about to be closed, or have just been. */
  onClose: ((first: number, last: number) => void) | null
  /** This process has just become a child of fork(2). */
  onFork: (() => void) | null
} = { onClose: null, onFork: null }
