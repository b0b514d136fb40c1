import { brand } from '../copies.ts'
import { items, StructSequence } from './struct_sequence.ts'

type UnameItems = readonly [sysname: string, nodename: string, release: string, version: string, machine: string]

/**
 * Names of the operating system and the machine, as `os.uname` returns them. It is also a sequence of five items, in
 * the order of the fields.
 *
 * See uname(2); Python, os.uname_result.
 * @example
 * ```ts
 * const [sysname] = os.uname()
 * sysname // => os.uname().sysname
 * ```
 */
export class uname_result extends StructSequence<UnameItems> {
  static {
    brand(uname_result, 'uname_result')
  }

  /** The operating system: 'Linux'. */
  readonly sysname: string
  /** The machine's name on the network. */
  readonly nodename: string
  /** The kernel's release, such as '6.1.0'. */
  readonly release: string
  /** The version of that release (its build). */
  readonly version: string
  /** The hardware identifier, such as 'x86_64'. */
  readonly machine: string

  /** @param sequence five items, in the order of the fields */
  constructor(sequence: Iterable<string>) {
    super()
    const [sysname = '', nodename = '', release = '', version = '', machine = ''] = items<string>(
      sequence,
      'uname_result',
      5,
      5,
    )
    this.sysname = sysname
    this.nodename = nodename
    this.release = release
    this.version = version
    this.machine = machine
  }

  override toArray(): [...UnameItems] {
    return [this.sysname, this.nodename, this.release, this.version, this.machine]
  }
}
