import { brand } from '../copies.ts'
import { items, StructSequence } from './struct_sequence.ts'

type TimesItems = readonly [
  user: number,
  system: number,
  children_user: number,
  children_system: number,
  elapsed: number,
]

/**
 * Times in seconds, as `os.times` returns them: CPU times, and `elapsed`. It is also a sequence of five items, in the
 * order of the fields.
 *
 * See times(2); Python, os.times_result.
 * @example
 * ```ts
 * os.times() instanceof os.times_result // => true
 * ```
 */
export class times_result extends StructSequence<TimesItems> {
  static {
    brand(times_result, 'times_result')
  }

  /** User time of the process. */
  readonly user: number
  /** System time of the process. */
  readonly system: number
  /** User time of the children that have ended and been waited for. */
  readonly children_user: number
  /** System time of those children. */
  readonly children_system: number
  /** Real time since a fixed moment in the past. */
  readonly elapsed: number

  /** @param sequence five items, in the order of the fields */
  constructor(sequence: Iterable<number>) {
    super()
    const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0, elapsed = 0] = items<number>(
      sequence,
      'times_result',
      5,
      5,
    )
    this.user = user
    this.system = system
    this.children_user = childrenUser
    this.children_system = childrenSystem
    this.elapsed = elapsed
  }

  override toArray(): [...TimesItems] {
    return [this.user, this.system, this.children_user, this.children_system, this.elapsed]
  }
}
