import type { Subject } from '../errors.ts'
import type { Prototypes } from '../libc/functions.ts'

/**
 * A C call whose arguments are checked and converted, and whose auditing event has been raised: what `os` does before
 * the call, apart from it, because `osier/promises` does the same and makes the call elsewhere.
 *
 * A synchronous function takes it apart where it stands, so that V8 need not even make the object (measured: no
 * slower):
 *
 *     const { args: [at, name], syscall, file } = preparedX(path, options)
 *     while (libc.x(at, name) === -1) failed(syscall, file)
 */
export interface Prepared<Name extends keyof Prototypes = keyof Prototypes> {
  readonly name: Name
  readonly args: Readonly<Parameters<Prototypes[Name]>>
  /** What errors call it. */
  readonly syscall: string
  /** The path or descriptor that it is about. */
  readonly file: Subject
  /** The second path. */
  readonly file2?: Subject
}
