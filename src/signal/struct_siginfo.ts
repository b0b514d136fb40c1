import { items, StructSequence } from '../results/struct_sequence.ts'

type SiginfoItems = readonly [
  si_signo: number,
  si_code: number,
  si_errno: number,
  si_pid: number,
  si_uid: number,
  si_status: number,
  si_band: number,
]

/**
 * What is known of a signal, as `sigwaitinfo` returns it. Which fields mean something depends on the signal.
 *
 * See sigaction(2); Python, signal.struct_siginfo.
 * @example
 * ```ts
 * signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
 * signal.raise_signal(signal.SIGUSR2)
 * const [number] = signal.sigwaitinfo([signal.SIGUSR2])
 * number // => signal.SIGUSR2
 * ```
 */
export class struct_siginfo extends StructSequence<SiginfoItems> {
  /** The signal. */
  readonly si_signo: number
  /** How it was sent. */
  readonly si_code: number
  /** An error number. */
  readonly si_errno: number
  /** The process that sent it. */
  readonly si_pid: number
  /** The real user id of that process. */
  readonly si_uid: number
  /** The exit code or the signal of a child (SIGCHLD). */
  readonly si_status: number
  /** The events of a descriptor (SIGPOLL). */
  readonly si_band: number

  /** @param sequence seven items, in the order of the fields */
  constructor(sequence: Iterable<number>) {
    super()
    const list = items<number>(sequence, 'struct_siginfo', 7, 7)
    const [signo, code, errno, pid, uid, status, band] = list as unknown as SiginfoItems
    this.si_signo = signo
    this.si_code = code
    this.si_errno = errno
    this.si_pid = pid
    this.si_uid = uid
    this.si_status = status
    this.si_band = band
  }

  override toArray(): [...SiginfoItems] {
    return [this.si_signo, this.si_code, this.si_errno, this.si_pid, this.si_uid, this.si_status, this.si_band]
  }
}
