import { brand } from '../copies.ts'
import { structs } from '../libc/facts.ts'
import { scratch } from '../libc/memory.ts'
import { items, StructSequence } from './struct_sequence.ts'

/** The items of `struct_rusage`. */
type RusageItems = readonly [
  ...[utime: number, stime: number, maxrss: number, ixrss: number, idrss: number, isrss: number, minflt: number],
  ...[majflt: number, nswap: number, inblock: number, oublock: number, msgsnd: number, msgrcv: number],
  ...[nsignals: number, nvcsw: number, nivcsw: number],
]

/** Fields of `struct_rusage`, in the documented order; the first two are times. */
const RUSAGE_FIELDS = [
  ...(['ru_utime', 'ru_stime', 'ru_maxrss', 'ru_ixrss', 'ru_idrss', 'ru_isrss', 'ru_minflt', 'ru_majflt'] as const),
  ...([
    'ru_nswap',
    'ru_inblock',
    'ru_oublock',
    'ru_msgsnd',
    'ru_msgrcv',
    'ru_nsignals',
    'ru_nvcsw',
    'ru_nivcsw',
  ] as const),
] as const

/**
 * The resource usage of a child, as `wait3` and `wait4` return it. Fields without a description are always 0 on Linux.
 *
 * See getrusage(2); Python, resource.struct_rusage.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/true', 'true')
 * const [, , usage] = os.wait4(child, 0)
 * usage instanceof os.struct_rusage // => true
 * usage.ru_utime >= 0 // => true
 * ```
 */
export class struct_rusage extends StructSequence<RusageItems> {
  static {
    brand(struct_rusage, 'struct_rusage')
  }

  /** Seconds of CPU time in user mode. */
  declare readonly ru_utime: number
  /** Seconds of CPU time in the kernel. */
  declare readonly ru_stime: number
  /** The maximum resident set size, in KiB. */
  declare readonly ru_maxrss: number
  declare readonly ru_ixrss: number
  declare readonly ru_idrss: number
  declare readonly ru_isrss: number
  /** Minor page faults: those without a read from a disk. */
  declare readonly ru_minflt: number
  /** Major page faults: those with a read from a disk. */
  declare readonly ru_majflt: number
  declare readonly ru_nswap: number
  /** The number of reads from a file system. */
  declare readonly ru_inblock: number
  /** The number of writes to a file system. */
  declare readonly ru_oublock: number
  declare readonly ru_msgsnd: number
  declare readonly ru_msgrcv: number
  declare readonly ru_nsignals: number
  /** Voluntary context switches. */
  declare readonly ru_nvcsw: number
  /** Involuntary context switches. */
  declare readonly ru_nivcsw: number

  /** @param sequence the sixteen fields in order */
  constructor(sequence: Iterable<number>) {
    super()
    const list = items<number>(sequence, 'struct_rusage', RUSAGE_FIELDS.length, RUSAGE_FIELDS.length)
    for (const [index, name] of RUSAGE_FIELDS.entries()) Object.assign(this, { [name]: Number(list[index]) })
  }

  override toArray(): [...RusageItems] {
    return RUSAGE_FIELDS.map((name) => this[name]) as [...RusageItems]
  }
}

/** Reads the struct_rusage at an offset in scratch memory. */
export function rusageAt(offset: number): struct_rusage {
  const { offsets } = structs.rusage
  const whole = (at: number): number => Number(scratch.readBigInt64LE(offset + at))
  return new struct_rusage(
    RUSAGE_FIELDS.map((name, index) =>
      index < 2 ? whole(offsets[name]) + whole(offsets[name] + 8) / 1e6 : whole(offsets[name]),
    ),
  )
}

type WaitidItems = readonly [pid: number, uid: number, signo: number, status: number, code: number]

/**
 * The change of a child's state, as `waitid` returns it.
 *
 * See waitid(2); Python, os.waitid_result.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/true', 'true')
 * const result = os.waitid(os.P_PID, child, os.WEXITED)
 * result instanceof os.waitid_result // => true
 * result?.si_pid // => child
 * ```
 */
export class waitid_result extends StructSequence<WaitidItems> {
  static {
    brand(waitid_result, 'waitid_result')
  }

  /** The child's process id. */
  readonly si_pid: number
  /** The child's real user id. */
  readonly si_uid: number
  /** SIGCHLD, always. */
  readonly si_signo: number
  /** The exit code or the signal, depending on `si_code`. */
  readonly si_status: number
  /** CLD_EXITED, CLD_KILLED, CLD_DUMPED, CLD_STOPPED, CLD_TRAPPED or CLD_CONTINUED. */
  readonly si_code: number

  /** @param sequence the five fields in order */
  constructor(sequence: Iterable<number>) {
    super()
    const [pid, uid, signo, status, code] = items<number>(sequence, 'waitid_result', 5, 5).map(Number)
    this.si_pid = pid ?? 0
    this.si_uid = uid ?? 0
    this.si_signo = signo ?? 0
    this.si_status = status ?? 0
    this.si_code = code ?? 0
  }

  override toArray(): [...WaitidItems] {
    return [this.si_pid, this.si_uid, this.si_signo, this.si_status, this.si_code]
  }
}
