import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import os from 'osier'
import * as signal from 'osier/signal'
import * as stat from 'osier/stat'
import { exitCode } from '../support/children.ts'
import { noSignals } from '../support/runtime.ts'
import { conformance, differs, fails, holds, type PythonClass, rangeError, typeError } from './suite.ts'

/** CPython's tests of `stat` and, as far as it needs no handlers, of `signal`. */

const KINDS = ['BLK', 'CHR', 'DIR', 'FIFO', 'LNK', 'REG', 'SOCK'] as const
type Kind = (typeof KINDS)[number]
const ABSENT = ['DOOR', 'PORT', 'WHT'] as const

const constants = stat as unknown as Readonly<Record<string, unknown>>

/** Of a FIFO the name begins with the letter that others add. */
const format = (kind: string): string => (kind === 'FIFO' ? 'S_IFIFO' : `S_IF${kind}`)

/** What the function S_IS* of this name says. */
const isKind = (kind: string, mode: number): boolean => (constants[`S_IS${kind}`] as (mode: number) => boolean)(mode)

/** A mode is of one kind: by its bits, and by what each function says. */
function isOnly(kind: Kind, mode: number): void {
  assert.equal(stat.S_IFMT(mode), constants[format(kind)])
  assert.deepEqual(
    [...KINDS, ...ABSENT].filter((other) => isKind(other, mode)),
    [kind],
  )
}

/** How a file of some mode is shown. */
function shown(path: string): string {
  return stat.filemode(os.lstat(path).st_mode)
}

const MODES: readonly (readonly [mode: number, text: string])[] = [
  [0o700, '-rwx------'],
  [0o070, '----rwx---'],
  [0o007, '-------rwx'],
  [0o444, '-r--r--r--'],
]

const NUMBERED: Readonly<Record<string, number>> = {
  ...{ ST_MODE: 0, ST_INO: 1, ST_DEV: 2, ST_NLINK: 3, ST_UID: 4, ST_GID: 5, ST_SIZE: 6 },
  ...{ ST_ATIME: 7, ST_MTIME: 8, ST_CTIME: 9 },
}
const BITS: Readonly<Record<string, number>> = {
  ...{ S_ISUID: 0o4000, S_ISGID: 0o2000, S_ENFMT: 0o2000, S_ISVTX: 0o1000 },
  ...{
    S_IRWXU: 0o700,
    S_IRUSR: 0o400,
    S_IREAD: 0o400,
    S_IWUSR: 0o200,
    S_IWRITE: 0o200,
    S_IXUSR: 0o100,
    S_IEXEC: 0o100,
  },
  ...{ S_IRWXG: 0o070, S_IRGRP: 0o040, S_IWGRP: 0o020, S_IXGRP: 0o010 },
  ...{ S_IRWXO: 0o007, S_IROTH: 0o004, S_IWOTH: 0o002, S_IXOTH: 0o001 },
}
const FLAGS = ['SF_APPEND', 'SF_ARCHIVED', 'SF_IMMUTABLE', 'SF_NOUNLINK', 'SF_SNAPSHOT', 'UF_APPEND', 'UF_COMPRESSED']
const MORE_FLAGS = ['UF_HIDDEN', 'UF_IMMUTABLE', 'UF_NODUMP', 'UF_NOUNLINK', 'UF_OPAQUE']

/** Of Windows, but the module has them everywhere. */
const ATTRIBUTES: Readonly<Record<string, number>> = {
  ...{ READONLY: 1, HIDDEN: 2, SYSTEM: 4, DIRECTORY: 16, ARCHIVE: 32, DEVICE: 64, NORMAL: 128, TEMPORARY: 256 },
  ...{ SPARSE_FILE: 512, REPARSE_POINT: 1024, COMPRESSED: 2048, OFFLINE: 4096, NOT_CONTENT_INDEXED: 8192 },
  ...{ ENCRYPTED: 16_384, INTEGRITY_STREAM: 32_768, VIRTUAL: 65_536, NO_SCRUB_DATA: 131_072 },
}

const filemode = conformance('test_stat', 'TestFilemode', {
  test_mode: [
    holds('filemode shows the permissions of a file', (here) => {
      for (const [mode, text] of MODES) {
        os.chmod(os.path.exists(here.path('file')) ? here.path('file') : here.file(), mode)
        assert.equal(shown(here.path('file')), text)
      }
    }),
    holds('S_IMODE gives them', (here) => {
      const path = here.file()
      for (const [mode] of MODES) {
        os.chmod(path, mode)
        assert.equal(stat.S_IMODE(os.stat(path).st_mode), mode)
      }
    }),
    holds('S_ISREG alone is true of a file', (here) => isOnly('REG', os.stat(here.file()).st_mode)),
  ],
  test_directory: [
    holds('filemode shows a directory', (here) => {
      os.chmod(here.folder, 0o700)
      assert.equal(shown(here.folder), 'drwx------')
    }),
    holds('S_ISDIR alone is true of it', (here) => isOnly('DIR', os.stat(here.folder).st_mode)),
  ],
  test_link: [
    holds('filemode shows a link, and S_ISLNK alone is true of it', (here) => {
      os.symlink('target', here.path('link'))
      assert.equal(shown(here.path('link'))[0], 'l')
      isOnly('LNK', os.lstat(here.path('link')).st_mode)
    }),
  ],
  test_fifo: [
    holds('filemode shows a FIFO, and S_ISFIFO alone is true of it', (here) => {
      os.mkfifo(here.path('fifo'), 0o700)
      assert.equal(shown(here.path('fifo')), 'prwx------')
      isOnly('FIFO', os.stat(here.path('fifo')).st_mode)
    }),
  ],
  test_devices: [
    holds('filemode shows a device, and S_ISCHR alone is true of it', () => {
      assert.equal(shown(os.devnull)[0], 'c')
      isOnly('CHR', os.stat(os.devnull).st_mode)
    }),
    holds('S_ISBLK alone is true of a block device', () => {
      assert.equal(stat.filemode(stat.S_IFBLK | 0o660), 'brw-rw----')
      isOnly('BLK', stat.S_IFBLK | 0o660)
    }),
  ],
  test_socket: [
    holds('filemode shows a socket, and S_ISSOCK alone is true of it', async (here) => {
      const server = createServer().listen(here.path('socket'))
      await once(server, 'listening')
      assert.equal(shown(here.path('socket'))[0], 's')
      isOnly('SOCK', os.stat(here.path('socket')).st_mode)
      server.close()
      await once(server, 'close')
    }),
  ],
  test_module_attributes: [
    holds('ST_* number the items of a stat_result', () => {
      for (const [name, value] of Object.entries(NUMBERED)) assert.equal(constants[name], value, name)
    }),
    holds('the bits of permissions are those of POSIX', () => {
      for (const [name, value] of Object.entries(BITS)) assert.equal(constants[name], value, name)
    }),
    holds('SF_* and UF_* are numbers', () => {
      for (const name of [...FLAGS, ...MORE_FLAGS]) assert.equal(typeof constants[name], 'number', name)
    }),
    holds('S_IF* are numbers, those of other systems as well', () => {
      for (const kind of [...KINDS, ...ABSENT]) {
        assert.equal(typeof constants[format(kind)], 'number', kind)
      }
    }),
    holds('S_IS* of 0 are false', () => {
      for (const kind of [...KINDS, ...ABSENT]) assert.equal(isKind(kind, 0), false)
    }),
  ],
  test_file_attribute_constants: [
    holds('FILE_ATTRIBUTE_* have the values that they have in Windows', () => {
      for (const [name, value] of Object.entries(ATTRIBUTES)) assert.equal(constants[`FILE_ATTRIBUTE_${name}`], value)
    }),
  ],
})

const generic = conformance('test_signal', 'GenericTests', {
  test_enums: [
    holds('every SIG* is one of Signals', () => {
      for (const [name, number] of Object.entries(signal)) {
        if (!/^SIG[A-Z]/.test(name) || number === undefined) continue
        assert.equal(signal.Signals[name as signal.SignalName], number, name)
      }
    }),
    differs(
      'SIG_DFL and SIG_IGN are of an enum of their own',
      'they are numbers: TypeScript’s enums leave no trace',
      () => {
        assert.deepEqual([signal.SIG_DFL, signal.SIG_IGN], [0, 1])
      },
    ),
  ],
  test_functions_module_attr: [differs('functions know their module', 'those of JavaScript do not')],
})

/** The signal arrives: one that Node itself has no use for. A listener alone would not keep the process waiting. */
async function heard(send: () => void): Promise<void> {
  const awake = setTimeout(() => undefined, 20_000)
  const arrival = once(process, 'SIGVTALRM')
  send()
  await arrival
  clearTimeout(awake)
}

const NO_HANDLERS = 'handlers are `process.on`: JavaScript runs in the event loop alone'

const posixSignals = conformance('test_signal', 'PosixTests', {
  test_out_of_range_signal_number_raises_error: [
    holds('signal and strsignal refuse 4242, with a ValueError', () => {
      rangeError(
        () => signal.signal(4242, signal.SIG_IGN),
        () => signal.strsignal(4242),
      )
    }),
    differs('so does getsignal', NO_HANDLERS),
  ],
  test_setting_signal_handler_to_none_raises_error: [
    holds('signal refuses none as a handler, with a TypeError', () => {
      typeError(() => signal.signal(signal.SIGVTALRM, null as never))
    }),
  ],
  test_getsignal: [
    holds('signal gives the action of before', () => {
      const before = signal.signal(signal.SIGVTALRM, signal.SIG_IGN)
      assert.equal(signal.signal(signal.SIGVTALRM, before ?? signal.SIG_DFL), signal.SIG_IGN)
    }),
    differs('getsignal gives the handler', NO_HANDLERS),
  ],
  test_strsignal: [
    holds('strsignal says what a signal is called', () => {
      assert.match(signal.strsignal(signal.SIGINT) ?? '', /Interrupt/)
      assert.match(signal.strsignal(signal.SIGTERM) ?? '', /Terminated/)
      assert.match(signal.strsignal(signal.SIGHUP) ?? '', /Hangup/)
    }),
  ],
  test_interprocess_signal: [
    holds(
      'a signal of another process is delivered to the handler of `process.on`',
      () => heard(() => assert.equal(exitCode(os.spawnlp(os.P_NOWAIT, 'sh', 'sh', '-c', 'kill -VTALRM $PPID')), 0)),
      noSignals,
    ),
  ],
  test_valid_signals: [
    holds('valid_signals is a set that has the usual signals in it', () => {
      const numbers = signal.valid_signals()
      assert.ok(numbers instanceof Set && numbers.has(signal.SIGINT) && numbers.has(signal.SIGALRM))
    }),
    holds('and neither 0 nor NSIG', () => {
      const numbers = signal.valid_signals()
      assert.ok(!numbers.has(0) && !numbers.has(signal.NSIG) && numbers.size < signal.NSIG)
    }),
    holds('every SIG* is between', () => {
      for (const [name, number] of Object.entries(signal)) {
        if (!/^SIG[A-Z]/.test(name) || typeof number !== 'number') continue
        assert.ok(number > 0 && number < signal.NSIG, name)
      }
    }),
  ],
  test_keyboard_interrupt_exit_code: [
    differs('an unhandled SIGINT is a KeyboardInterrupt', 'JavaScript has none: SIGINT ends the process', () => {
      const child = os.spawnlp(os.P_NOWAIT, 'sh', 'sh', '-c', 'kill -INT $$; exit 1')
      assert.equal(exitCode(child), -signal.SIGINT)
    }),
  ],
})

const RAISE = '`raise_signal` is not here: `os.kill(os.getpid(), ...)` does the same'

const raise = conformance('test_signal', 'RaiseSignalTest', {
  test_sigint: [differs('raise_signal of SIGINT is a KeyboardInterrupt', RAISE)],
  test_handler: [
    differs(
      'raise_signal calls the handler',
      RAISE,
      () => heard(() => os.kill(os.getpid(), signal.SIGVTALRM)),
      noSignals,
    ),
  ],
})

const pidfd = conformance('test_signal', 'PidfdSignalTest', {
  test_pidfd_send_signal: [
    holds('pidfd_send_signal to what stands for no process is EBADF', (here) => {
      const fd = here.open('/dev/null')
      fails('EBADF', () => signal.pidfd_send_signal(fd, signal.SIGINT))
    }),
    holds('anything but none as siginfo is a TypeError', (here) => {
      const fd = here.closed(os.pidfd_open(os.getpid()))
      typeError(() => signal.pidfd_send_signal(fd, 0, new Map() as never, 0))
    }),
    holds(
      'it sends a signal to the process that a descriptor stands for',
      (here) => heard(() => signal.pidfd_send_signal(here.closed(os.pidfd_open(os.getpid())), signal.SIGVTALRM)),
      noSignals,
    ),
    holds(
      'a directory of /proc is such a descriptor',
      (here) =>
        heard(() => signal.pidfd_send_signal(here.open(`/proc/${os.getpid()}`, os.O_DIRECTORY), signal.SIGVTALRM)),
      noSignals,
    ),
  ],
})

export const classes: readonly PythonClass[] = [filemode, generic, posixSignals, raise, pidfd]
