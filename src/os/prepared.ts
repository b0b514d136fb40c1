import type { Subject } from '../errors.ts'
import type { Prototypes } from '../libc/functions.ts'

/**
 * A C call with checked and converted arguments, whose audit event has been raised. `os` and `osier/promises` share
 * this preparation; `osier/promises` makes the call on another thread or by io_uring.
 *
 * A synchronous function destructures the result at once, so that V8's escape analysis removes the object:
 *
 *     const { args: [at, name], syscall, file } = preparedX(path, options)
 *     while (libc.x(at, name) === -1) failed(syscall, file)
 */
export interface Prepared<Name extends keyof Prototypes = keyof Prototypes> {
  readonly name: Name
  readonly args: Readonly<Parameters<Prototypes[Name]>>
  /** The name of the call in errors. */
  readonly syscall: string
  /** The path or descriptor of the call, for errors. */
  readonly file: Subject
  /** The second path, for errors. */
  readonly file2?: Subject
}
