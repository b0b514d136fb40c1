/**
 * The roles of parameters in prototypes: names that stand for C types. koffi does not get them, because its named types
 * are global to the process, and so shared with another copy of osier.
 */
const TYPES = {
  /** The descriptor of the directory that a relative path starts at, or AT_FDCWD. */
  dirfd: 'int',
  /** A file descriptor. */
  fd: 'int',
  /** The path of a file. */
  path: 'const char *',
  /**
   * An address in scratch memory (memory.ts), or NULL. On the thread pool it is replaced by an address in the call's
   * own memory.
   */
  scratch: 'uintptr_t',
} as const

/** The positions of a function's parameters, by their roles. */
export interface Roles {
  readonly dirfd: readonly number[]
  readonly fd: readonly number[]
  readonly path: readonly number[]
  readonly scratch: readonly number[]
  /** Addresses of other memory. */
  readonly uintptr_t: readonly number[]
}

export function rolesIn(prototype: string): Roles {
  const parameters = prototype.slice(prototype.indexOf('(') + 1, prototype.lastIndexOf(')')).split(', ')
  const positions = (type: keyof Roles) => [...parameters.keys()].filter((index) => parameters[index] === type)
  return {
    dirfd: positions('dirfd'),
    fd: positions('fd'),
    path: positions('path'),
    scratch: positions('scratch'),
    uintptr_t: positions('uintptr_t'),
  }
}

/** The prototype with C types only. */
export function inC(prototype: string): string {
  return prototype.replace(/\b(?:dirfd|fd|path|scratch)(?=[,)])/g, (role) => TYPES[role as keyof typeof TYPES])
}
