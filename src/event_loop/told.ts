/**
 * What the event loop is told by parts of `os` that do without it: they would otherwise load it. Both are null as long
 * as nobody has waited for a descriptor.
 */
export const told: {
  /** The descriptors from the first to the last are about to be closed, or have just been. */
  closes: ((first: number, last: number) => void) | null
  /** This process has just become a child of fork(2). */
  forked: (() => void) | null
} = { closes: null, forked: null }
