import { failed, failedWith, lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { scratch, scratchAddress, uint16At } from '../../libc/memory.ts'
import { decode } from '../../libc/strings.ts'
import { items, StructSequence } from '../../results/struct_sequence.ts'
import { type Descriptor, descriptor, nonNegativeFd } from '../arguments/descriptors.ts'
import { int } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'
import { mainThreadOnly } from '../process_parameters/process_state.ts'

/** Terminals, and pseudo-terminals: pairs of a descriptor that a program controls and a terminal. */

const { O_RDWR, O_NOCTTY, O_CLOEXEC, TIOCGPTPEER, TIOCGWINSZ } = constants
const STDOUT_FILENO = 1
const { ws_row, ws_col } = structs.winsize.offsets

/**
 * The size of a terminal's window, as `os.get_terminal_size` returns it. As a sequence it has two items, in the order
 * of the fields.
 *
 * See Python, os.terminal_size.
 * @example
 * ```ts
 * const { columns, lines } = new os.terminal_size([80, 24])
 * columns * lines // => 1920
 * ```
 */
export class terminal_size extends StructSequence<number> {
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

  override toArray(): number[] {
    return [this.columns, this.lines]
  }
}

/** Room in scratch memory for the path of a terminal: "/dev/pts/" and a number, in practice. */
const NAME_ROOM = 4096

/**
 * isatty(3): whether a descriptor refers to a terminal.
 *
 * @param fd the descriptor
 * @returns false for everything else, also for a descriptor that is not open
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
 * ttyname_r(3): the path of a terminal.
 *
 * @param fd its descriptor
 * @returns the path, such as "/dev/pts/0"
 * @throws OSError ENOTTY where it is no terminal, EBADF where it is not open, ENODEV where the terminal is one of
 *   another mount namespace, such as a container's host
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
  while ((errno = libc.ttyname_r(number, scratchAddress, NAME_ROOM)) !== 0) failedWith(errno, 'ttyname', number)
  return scratchName()
}

/** The path that C has just written. */
function scratchName(): string {
  return decode(scratch.subarray(0, scratch.indexOf(0)))
}

/**
 * device_encoding: the encoding of a terminal.
 *
 * @param fd its descriptor
 * @returns 'UTF-8', which osier uses for all text, or null where it is no terminal
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
 * @returns the descriptor that controls it, and that of the terminal; children inherit neither
 * @throws OSError EMFILE; ENOSPC where there are too many; FileNotFoundError where /dev/ptmx is missing
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
  const master = openControl('openpty', O_RDWR | O_NOCTTY | O_CLOEXEC)
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
 * The terminal of a pseudo-terminal: by its control, since by path it may not be reachable (another mount of devpts).
 */
function openTerminal(master: number): number {
  const flags = O_RDWR | O_NOCTTY | O_CLOEXEC
  let terminal: number
  while ((terminal = libc.ioctl(master, TIOCGPTPEER, flags)) === -1) {
    // Before Linux 4.13, and in sandboxes that know no such request.
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
 * posix_openpt(3): opens the controlling side of a new pseudo-terminal. Its terminal has the path that `ptsname` tells,
 * and can be opened after `grantpt` and `unlockpt`.
 *
 * @param oflag O_RDWR, and perhaps O_NOCTTY; O_CLOEXEC is added always
 * @returns the descriptor, which children do not inherit
 * @throws OSError EMFILE; ENOSPC where there are too many; FileNotFoundError where /dev/ptmx is missing
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
  return openControl('posix_openpt', int(oflag, 'oflag') | O_CLOEXEC)
}

function openControl(syscall: string, flags: number): number {
  let fd: number
  while ((fd = libc.posix_openpt(flags)) === -1) failed(syscall)
  return fd
}

/**
 * grantpt(3): gives the terminal of a pseudo-terminal its owner and permissions. Linux does so by itself.
 *
 * @param fd the controlling descriptor
 * @throws OSError EINVAL where it is no pseudo-terminal's, EBADF where it is not open
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
 * unlockpt(3): allows the terminal of a pseudo-terminal to be opened.
 *
 * @param fd the controlling descriptor
 * @throws OSError EINVAL or ENOTTY where it is no pseudo-terminal's, EBADF where it is not open
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
 * ptsname_r(3): the path of a pseudo-terminal's terminal.
 *
 * @param fd the controlling descriptor
 * @returns the path, such as "/dev/pts/0"
 * @throws OSError ENOTTY where it is no pseudo-terminal's, EBADF where it is not open
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
  while ((errno = libc.ptsname_r(number, scratchAddress, NAME_ROOM)) !== 0) failedWith(errno, 'ptsname', number)
  return scratchName()
}

/**
 * login_tty(3): makes this process the leader of a new session, with a terminal as its controlling terminal and as its
 * standard input, output and error. The descriptor is closed.
 *
 * @param fd the terminal's descriptor
 * @throws OSError PermissionError where the process leads a group already, or the terminal controls another session;
 *   ENOTTY where it is no terminal, EBADF where it is not open
 * @throws Error with the code ERR_WORKER_UNSUPPORTED_OPERATION in a worker
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
}

/**
 * tcgetpgrp(3): the foreground process group of a terminal.
 *
 * @param fd the terminal's descriptor
 * @returns the group's number
 * @throws OSError ENOTTY where it is not the terminal that controls this process, EBADF where it is not open
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
 * tcsetpgrp(3): sets the foreground process group of a terminal. A background process that does this is stopped
 * (SIGTTOU), unless it ignores that signal.
 *
 * @param fd the terminal's descriptor
 * @param pg the group: one of this session
 * @throws OSError ENOTTY where it is not the terminal that controls this process; PermissionError for a group of
 *   another session; EINVAL; EBADF where the descriptor is not open
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
 * ioctl_tty(2): the size of a terminal's window.
 *
 * @param fd the terminal's descriptor; standard output by default
 * @returns columns and lines, in characters
 * @throws OSError ENOTTY where it is no terminal, EBADF where it is not open
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
