import { brand } from '../../copies.ts'
import { failed, failedWith, lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { scratch, scratchAddress, uint16At } from '../../libc/memory.ts'
import { STANDARD_STREAMS } from '../../libc/standard_streams.ts'
import { decode } from '../../libc/strings.ts'
import { items, StructSequence } from '../../results/struct_sequence.ts'
import { type Descriptor, descriptor, nonNegativeFd } from '../arguments/descriptors.ts'
import { int } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'
import { mainThreadOnly } from '../process_parameters/process_state.ts'
import { set_inheritable } from './open_close.ts'

/** Terminals, and pseudo-terminals: a program reads and writes the master end, and the slave end is a terminal. */

const { O_RDWR, O_NOCTTY, O_CLOEXEC, TIOCGPTPEER, TIOCGWINSZ } = constants
const STDOUT_FILENO = 1
const { ws_row, ws_col } = structs.winsize.offsets

/**
 * The size of a terminal's window, as `os.get_terminal_size` returns it. It is also a sequence of two items, in the
 * order of the fields.
 *
 * See Python, os.terminal_size.
 * @example
 * ```ts
 * const { columns, lines } = new os.terminal_size([80, 24])
 * columns * lines // => 1920
 * ```
 */
export class terminal_size extends StructSequence<readonly [columns: number, lines: number]> {
  static {
    brand(terminal_size, 'terminal_size')
  }

  /** The width of the window, in characters. */
  readonly columns: number
  /** The height of the window, in characters. */
  readonly lines: number

  /** @param sequence two items, in the order of the fields */
  constructor(sequence: Iterable<number>) {
    super()
    const [columns = 0, lines = 0] = items<number>(sequence, 'terminal_size', 2, 2)
    this.columns = columns
    this.lines = lines
  }

  override toArray(): [columns: number, lines: number] {
    return [this.columns, this.lines]
  }
}

/** The space in scratch memory for a terminal's path: in practice "/dev/pts/" and a number. */
const MAX_NAME = 4096

/**
 * isatty(3): reports whether a descriptor refers to a terminal.
 *
 * @param fd the descriptor
 * @returns false for anything else, including a descriptor that is not open
 *
 * Availability: Linux. See isatty(3); Python, os.isatty.
 * @example
 * ```ts
 * const [master, slave] = os.openpty()
 * os.isatty(slave) // => true
 * os.close(master)
 * os.close(slave)
 * ```
 */
export function isatty(fd: Descriptor): boolean {
  return libc.isatty(descriptor(fd, 'fd')) === 1
}

/**
 * ttyname_r(3): returns the path of a terminal.
 *
 * @param fd its descriptor
 * @returns the path, such as "/dev/pts/0"
 * @throws OSError ENOTTY if it is not a terminal, EBADF if it is not open, ENODEV if the terminal belongs to another
 *   mount namespace, such as that of a container's host
 *
 * Availability: Linux. See ttyname(3); Python, os.ttyname.
 * @example
 * ```ts
 * const [master, slave] = os.openpty()
 * os.ttyname(slave) // => os.ptsname(master)
 * os.close(master)
 * os.close(slave)
 * ```
 */
export function ttyname(fd: Descriptor): string {
  const number = descriptor(fd, 'fd')
  let errno: number
  while ((errno = libc.ttyname_r(number, scratchAddress, MAX_NAME)) !== 0) failedWith(errno, 'ttyname', number)
  return scratchName()
}

/** Decodes the path that C has written to scratch memory. */
function scratchName(): string {
  return decode(scratch.subarray(0, scratch.indexOf(0)))
}

/**
 * device_encoding: returns the encoding of a terminal.
 *
 * @param fd its descriptor
 * @returns 'UTF-8', which osier uses for all text, or null if it is not a terminal
 *
 * Availability: Linux. See Python, os.device_encoding.
 * @example
 * ```ts
 * const fd = os.open('/dev/null', os.O_RDONLY)
 * os.device_encoding(fd) // => null
 * os.close(fd)
 * ```
 */
export function device_encoding(fd: Descriptor): string | null {
  return isatty(fd) ? 'UTF-8' : null
}

/**
 * openpty(3): opens a pseudo-terminal.
 *
 * @returns the descriptors of the master end and of the terminal (slave end); children inherit neither
 * @throws OSError EMFILE; ENOSPC if the limit of pseudo-terminals is reached; FileNotFoundError if /dev/ptmx is missing
 *
 * Availability: Linux. See openpty(3), pts(4); Python, os.openpty.
 * @example
 * ```ts
 * const [master, slave] = os.openpty()
 * os.write(slave, Buffer.from('hi\n')) // => 3
 * os.read(master, 100) // => Buffer.from('hi\r\n')
 * os.close(master)
 * os.close(slave)
 * ```
 */
export function openpty(): readonly [master_fd: number, slave_fd: number] {
  const master = openMaster('openpty', O_RDWR | O_NOCTTY | O_CLOEXEC)
  try {
    grant('openpty', master)
    unlock('openpty', master)
    return [master, openTerminal(master)]
  } catch (error) {
    libc.close(master)
    throw error
  }
}

/**
 * Opens a pseudo-terminal's slave end through its master, because its path may be unreachable (another mount of
 * devpts).
 */
function openTerminal(master: number): number {
  const flags = O_RDWR | O_NOCTTY | O_CLOEXEC
  let terminal: number
  while ((terminal = libc.ioctl(master, TIOCGPTPEER, flags)) === -1) {
    // Before Linux 4.13, and in sandboxes that refuse TIOCGPTPEER.
    const errno = lastErrno()
    if (errno === errnoNumbers.ENOTTY || errno === errnoNumbers.EINVAL) return openByPath(master, flags)
    if (errno !== errnoNumbers.EINTR) throw osError(errno, 'openpty')
  }
  return terminal
}

function openByPath(master: number, flags: number): number {
  const path = ptsname(master)
  let terminal: number
  while ((terminal = libc.openat(constants.AT_FDCWD, path, flags, 0)) === -1) failed('openpty', path)
  return terminal
}

/**
 * posix_openpt(3): opens the master end of a new pseudo-terminal. `ptsname` returns the path of its terminal, which can
 * be opened after `grantpt` and `unlockpt`.
 *
 * @param oflag O_RDWR, optionally with O_NOCTTY; O_CLOEXEC is always added
 * @returns the descriptor, which children do not inherit
 * @throws OSError EMFILE; ENOSPC if the limit of pseudo-terminals is reached; FileNotFoundError if /dev/ptmx is missing
 *
 * Availability: Linux. See posix_openpt(3); Python, os.posix_openpt.
 * @example
 * ```ts
 * const master = os.posix_openpt(os.O_RDWR | os.O_NOCTTY)
 * os.grantpt(master)
 * os.unlockpt(master)
 * const slave = os.open(os.ptsname(master), os.O_RDWR | os.O_NOCTTY)
 * os.isatty(slave) // => true
 * os.close(slave)
 * os.close(master)
 * ```
 */
export function posix_openpt(oflag: number): number {
  return openMaster('posix_openpt', int(oflag, 'oflag') | O_CLOEXEC)
}

function openMaster(syscall: string, flags: number): number {
  let fd: number
  while ((fd = libc.posix_openpt(flags)) === -1) failed(syscall)
  return fd
}

/**
 * grantpt(3): sets the owner and the permissions of a pseudo-terminal's slave end. On Linux devpts does so by itself.
 *
 * @param fd the descriptor of the master end
 * @throws OSError EINVAL if it is not a pseudo-terminal's master end, EBADF if it is not open
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux. See grantpt(3); Python, os.grantpt.
 * @example
 * ```ts
 * const master = os.posix_openpt(os.O_RDWR | os.O_NOCTTY)
 * os.grantpt(master) // the terminal is this user's now
 * os.stat(os.ptsname(master)).st_uid // => os.getuid()
 * os.close(master)
 * ```
 */
export function grantpt(fd: Descriptor): void {
  grant('grantpt', nonNegativeFd(fd, 'fd'))
}

function grant(syscall: string, fd: number): void {
  while (libc.grantpt(fd) === -1) failed(syscall, fd)
}

/**
 * unlockpt(3): allows a pseudo-terminal's slave end to be opened.
 *
 * @param fd the descriptor of the master end
 * @throws OSError EINVAL or ENOTTY if it is not a pseudo-terminal's master end, EBADF if it is not open
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux. See unlockpt(3); Python, os.unlockpt.
 * @example
 * ```ts
 * const master = os.posix_openpt(os.O_RDWR | os.O_NOCTTY)
 * os.open(os.ptsname(master), os.O_RDWR | os.O_NOCTTY) // throws OSError
 * os.unlockpt(master)
 * os.close(os.open(os.ptsname(master), os.O_RDWR | os.O_NOCTTY))
 * os.close(master)
 * ```
 */
export function unlockpt(fd: Descriptor): void {
  unlock('unlockpt', nonNegativeFd(fd, 'fd'))
}

function unlock(syscall: string, fd: number): void {
  while (libc.unlockpt(fd) === -1) failed(syscall, fd)
}

/**
 * ptsname_r(3): returns the path of a pseudo-terminal's slave end.
 *
 * @param fd the descriptor of the master end
 * @returns the path, such as "/dev/pts/0"
 * @throws OSError ENOTTY if it is not a pseudo-terminal's master end, EBADF if it is not open
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux. See ptsname(3); Python, os.ptsname.
 * @example
 * ```ts
 * const [master, slave] = os.openpty()
 * os.ptsname(master).startsWith('/dev/pts/') // => true
 * os.close(master)
 * os.close(slave)
 * ```
 */
export function ptsname(fd: Descriptor): string {
  const number = nonNegativeFd(fd, 'fd')
  let errno: number
  while ((errno = libc.ptsname_r(number, scratchAddress, MAX_NAME)) !== 0) failedWith(errno, 'ptsname', number)
  return scratchName()
}

/**
 * login_tty(3): makes this process the leader of a new session, with a terminal as its controlling terminal and as its
 * standard input, output and error. The descriptor is closed.
 *
 * @param fd the terminal's descriptor
 * @throws OSError PermissionError if the process is already a group leader, or the terminal is the controlling terminal
 *   of another session; ENOTTY if it is not a terminal, EBADF if it is not open
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux. See login_tty(3); Python, os.login_tty.
 * @example
 * ```ts
 * const [master, slave] = os.openpty()
 * const child = os.fork()
 * if (child === 0) {
 *   os.login_tty(slave) // its standard streams, and the terminal of its session
 *   os._exit(os.tcgetpgrp(0) === os.getpid() ? 0 : 1)
 * }
 * os.waitpid(child, 0)[1] // => 0
 * os.close(master)
 * os.close(slave)
 * ```
 */
export function login_tty(fd: Descriptor): void {
  mainThreadOnly('login_tty')
  const number = nonNegativeFd(fd, 'fd')
  while (libc.login_tty(number) === -1) failed('login_tty', number)
  // The terminal's own number was 0, 1 or 2: then it has not been copied there, and would be closed in programs.
  if (STANDARD_STREAMS.includes(number)) set_inheritable(number, true)
}

/**
 * tcgetpgrp(3): returns the foreground process group of a terminal.
 *
 * @param fd the terminal's descriptor
 * @returns the process group id
 * @throws OSError ENOTTY if it is not the controlling terminal of this process, EBADF if it is not open
 *
 * Availability: Linux. See tcgetpgrp(3); Python, os.tcgetpgrp.
 * @example
 * ```ts
 * const [pid, master] = os.forkpty()
 * if (pid === 0) os._exit(os.tcgetpgrp(0) === os.getpgrp() ? 0 : 1)
 * os.waitpid(pid, 0)[1] // => 0
 * os.close(master)
 * ```
 */
export function tcgetpgrp(fd: Descriptor): number {
  const number = descriptor(fd, 'fd')
  let group: number
  while ((group = libc.tcgetpgrp(number)) === -1) failed('tcgetpgrp', number)
  return group
}

/**
 * tcsetpgrp(3): sets the foreground process group of a terminal. A background process that calls this is stopped
 * (SIGTTOU), unless it ignores or blocks that signal.
 *
 * @param fd the terminal's descriptor
 * @param pg a process group of this session
 * @throws OSError ENOTTY if it is not the controlling terminal of this process; PermissionError for a group of another
 *   session; EINVAL; EBADF if the descriptor is not open
 *
 * Availability: Linux. See tcsetpgrp(3); Python, os.tcsetpgrp.
 * @example
 * ```ts
 * const [pid, master] = os.forkpty()
 * if (pid === 0) {
 *   os.tcsetpgrp(0, os.getpgrp()) // the group that Ctrl-C reaches
 *   os._exit(0)
 * }
 * os.waitpid(pid, 0)[1] // => 0
 * os.close(master)
 * ```
 */
export function tcsetpgrp(fd: Descriptor, pg: number): void {
  const [number, group] = [descriptor(fd, 'fd'), int(pg, 'pg')]
  while (libc.tcsetpgrp(number, group) === -1) failed('tcsetpgrp', number)
}

/**
 * ioctl_tty(2): returns the size of a terminal's window.
 *
 * @param fd the terminal's descriptor; standard output by default
 * @returns columns and lines, in characters
 * @throws OSError ENOTTY if it is not a terminal, EBADF if it is not open
 *
 * Availability: Linux. See ioctl_tty(2), TIOCGWINSZ; Python, os.get_terminal_size.
 * @example
 * ```ts
 * const [master, slave] = os.openpty()
 * os.get_terminal_size(slave) // => new os.terminal_size([0, 0])
 * os.close(master)
 * os.close(slave)
 * ```
 */
export function get_terminal_size(fd?: Descriptor | { readonly fd?: Descriptor | undefined }): terminal_size
export function get_terminal_size(...rest: unknown[]): terminal_size {
  const { fd = STDOUT_FILENO } = optional(['fd'], [], rest)
  const number = descriptor(fd, 'fd')
  while (libc.ioctl(number, TIOCGWINSZ, scratchAddress) === -1) failed('get_terminal_size', number)
  return new terminal_size([uint16At(ws_col), uint16At(ws_row)])
}
