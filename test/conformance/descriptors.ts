import assert from 'node:assert/strict'
import os from 'osier'
import { exitCode } from '../support/children.ts'
import { missing } from '../support/tools.ts'
import {
  type Behaviour,
  badDescriptor,
  conformance,
  differs,
  fails,
  type Here,
  holds,
  type PythonClass,
  rangeError,
} from './suite.ts'

/** CPython's tests of descriptors: invalid ones, inherited ones, and special types. */

const calls: Readonly<Record<string, readonly ((fd: number, here: Here) => unknown)[]>> = {
  fchdir: [os.fchdir],
  dup: [os.dup],
  fdatasync: [os.fdatasync],
  fstat: [os.fstat],
  fstatvfs: [os.fstatvfs],
  fsync: [os.fsync],
  tcgetpgrp: [os.tcgetpgrp],
  ttyname: [os.ttyname],
  fdopen: [(fd) => os.fdopen(fd)],
  dup2: [(fd) => os.dup2(fd, 20)],
  fchmod: [(fd) => os.fchmod(fd, 0)],
  fchown: [(fd) => os.fchown(fd, -1, -1)],
  fpathconf: [(fd) => os.pathconf(fd, 'PC_NAME_MAX'), (fd) => os.fpathconf(fd, 'PC_NAME_MAX')],
  ftruncate: [(fd) => os.truncate(fd, 0), (fd) => os.ftruncate(fd, 0)],
  lseek: [(fd) => os.lseek(fd, 0, os.SEEK_SET)],
  read: [(fd) => os.read(fd, 1)],
  readv: [(fd) => os.readv(fd, [Buffer.alloc(10)])],
  tcsetpgrpt: [(fd) => os.tcsetpgrp(fd, 0)],
  write: [(fd) => os.write(fd, Buffer.from(' '))],
  writev: [(fd) => os.writev(fd, [Buffer.from('abc')])],
  inheritable: [os.get_inheritable, (fd) => os.set_inheritable(fd, true)],
  blocking: [os.get_blocking, (fd) => os.set_blocking(fd, true)],
}

const NAMES: Readonly<Record<string, string>> = {
  fpathconf: 'pathconf and fpathconf',
  ftruncate: 'truncate and ftruncate',
  tcsetpgrpt: 'tcsetpgrp',
  inheritable: 'get_inheritable and set_inheritable',
  blocking: 'get_blocking and set_blocking',
}

const invalid = conformance('test_os', 'TestInvalidFD', {
  ...Object.fromEntries(
    Object.entries(calls).map(([name, all]): [string, Behaviour[]] => [
      `test_${name}`,
      [
        holds(`${NAMES[name] ?? name} of a descriptor that is not open is EBADF`, (here) => {
          for (const call of all) fails('EBADF', () => call(badDescriptor(here), here))
        }),
      ],
    ]),
  ),
  test_isatty: [
    holds('isatty of a descriptor that is not open is false', (here) => {
      assert.equal(os.isatty(badDescriptor(here)), false)
    }),
  ],
  test_closerange: [
    holds('closerange does not mind descriptors that are not open', () => {
      assert.equal(os.closerange(5000, 5010), undefined)
    }),
  ],
})

/** The flag FD_CLOEXEC, read from the kernel without the functions under test. */
function closesOnExec(fd: number): boolean {
  const info = os.open(`/proc/self/fdinfo/${fd}`, os.O_RDONLY)
  const flags = /^flags:\s+(\d+)$/m.exec(String(os.read(info, 1000)))?.[1]
  os.close(info)
  return (Number.parseInt(flags ?? '', 8) & os.O_CLOEXEC) !== 0
}

const inheritance = conformance('test_os', 'FDInheritanceTests', {
  test_get_set_inheritable: [
    holds('set_inheritable makes a descriptor inheritable', (here) => {
      const fd = here.open(here.file())
      os.set_inheritable(fd, true)
      assert.equal(os.get_inheritable(fd), true)
    }),
  ],
  test_get_inheritable_cloexec: [
    holds('get_inheritable returns the opposite of FD_CLOEXEC', (here) => {
      const fd = here.open(here.file())
      assert.deepEqual([os.get_inheritable(fd), closesOnExec(fd)], [false, true])
    }),
  ],
  test_set_inheritable_cloexec: [
    holds('set_inheritable clears FD_CLOEXEC', (here) => {
      const fd = here.open(here.file())
      os.set_inheritable(fd, true)
      assert.equal(closesOnExec(fd), false)
    }),
  ],
  test_get_set_inheritable_o_path: [
    holds('both work on descriptors of O_PATH', (here) => {
      const fd = here.open(here.file(), os.O_PATH)
      const seen = [os.get_inheritable(fd)]
      for (const inheritable of [true, false]) {
        os.set_inheritable(fd, inheritable)
        seen.push(os.get_inheritable(fd))
      }
      assert.deepEqual(seen, [false, true, false])
    }),
  ],
  test_get_set_inheritable_badf: [
    holds('get_inheritable of what is not open is EBADF', (here) => {
      fails('EBADF', () => os.get_inheritable(badDescriptor(here)))
    }),
    holds('so is set_inheritable, either way', (here) => {
      const fd = badDescriptor(here)
      fails(
        'EBADF',
        () => os.set_inheritable(fd, true),
        () => os.set_inheritable(fd, false),
      )
    }),
  ],
  test_open: [
    holds('open gives a descriptor that is not inheritable', (here) => {
      assert.equal(os.get_inheritable(here.open(here.file())), false)
    }),
  ],
  test_pipe: [
    holds('so does pipe, twice', (here) => assert.deepEqual(here.pipe().map(os.get_inheritable), [false, false])),
  ],
  test_dup: [
    holds('so does dup', (here) =>
      assert.equal(os.get_inheritable(here.closed(os.dup(here.open(here.file())))), false),
    ),
  ],
  test_dup_standard_stream: [
    holds('a standard stream can be duplicated', (here) => assert.ok(here.closed(os.dup(1)) > 0)),
  ],
  test_dup2: [
    holds('dup2 returns the requested number', (here) => {
      const [one, two] = [here.open('/dev/null'), here.open(here.file())]
      assert.equal(os.dup2(one, two), two)
    }),
    holds('what dup2 makes is inheritable', (here) => {
      const [one, two] = [here.open('/dev/null'), here.open(here.file())]
      assert.equal(os.get_inheritable(os.dup2(one, two)), true)
    }),
    holds('unless `inheritable` is false', (here) => {
      const [one, two] = [here.open('/dev/null'), here.open(here.file())]
      assert.equal(os.get_inheritable(os.dup2(one, two, { inheritable: false })), false)
    }),
  ],
  test_openpty: [
    holds('neither end of a pty is inheritable', (here) => {
      assert.deepEqual(
        os.openpty().map((fd) => os.get_inheritable(here.closed(fd))),
        [false, false],
      )
    }),
  ],
})

const blocking = conformance('test_os', 'BlockingTests', {
  test_blocking: [
    holds('a descriptor blocks at first', (here) => assert.equal(os.get_blocking(here.open(here.file())), true)),
    holds('set_blocking turns it off, and on again', (here) => {
      const fd = here.open(here.file())
      os.set_blocking(fd, false)
      assert.equal(os.get_blocking(fd), false)
      os.set_blocking(fd, true)
      assert.equal(os.get_blocking(fd), true)
    }),
  ],
})

const DATA = Buffer.from('12345abcde'.repeat(16 * 1024))

/** Sends a file to another, piece by piece, from an offset on: the other's content. */
function sent(here: Here, start: number): Buffer {
  const [from, to] = [here.open(here.file('from', DATA)), here.open(here.file('to'))]
  let offset = start
  for (let count = -1; count !== 0; offset += count) {
    count = os.sendfile(to, from, offset, 4096)
    assert.ok(count <= 4096)
  }
  assert.equal(offset, DATA.length)
  return os.pread(to, DATA.length + 1, 0)
}

/** What a call of sendfile sends into a pipe. */
function piped(here: Here, send: (w: number, from: number) => number): Buffer {
  const [r, w] = here.pipe()
  const count = send(w, here.open(here.file('from', DATA)))
  os.close(w)
  const data = os.read(r, 65536)
  assert.equal(data.length, count)
  return data
}

const sendfile = conformance('test_os', 'TestSendfile', {
  test_send_whole_file: [
    holds('sendfile sends a file, in as many calls as it takes', (here) => assert.deepEqual(sent(here, 0), DATA)),
    holds('and at most the requested number at a time', (here) => {
      assert.equal(piped(here, (w, from) => os.sendfile(w, from, 0, 100)).length, 100)
    }),
  ],
  test_send_at_certain_offset: [
    holds('sendfile sends from an offset on', (here) => {
      assert.deepEqual(sent(here, DATA.length / 2), DATA.subarray(DATA.length / 2))
    }),
  ],
  test_offset_overflow: [
    holds('beyond the end of the file it sends nothing', (here) => {
      assert.equal(piped(here, (w, from) => os.sendfile(w, from, DATA.length + 4096, 4096)).length, 0)
    }),
  ],
  test_invalid_offset: [
    holds('a negative offset is EINVAL', (here) => {
      fails('EINVAL', () => piped(here, (w, from) => os.sendfile(w, from, -1, 4096)))
    }),
  ],
  test_keywords: [differs('sendfile takes its arguments by name', 'required arguments come by position')],
  test_flags: [
    differs('sendfile takes flags', 'that of Linux has none (CPython skips this there)', () =>
      assert.equal(os.SF_NODISKIO, undefined),
    ),
  ],
})

const deviceEncoding = conformance('test_os', 'DeviceEncodingTests', {
  test_bad_fd: [
    holds('device_encoding of a closed descriptor is null', () => assert.equal(os.device_encoding(123456), null)),
  ],
  test_device_encoding: [
    holds('that of a terminal is the name of an encoding', (here) => {
      const [, terminal] = os.openpty().map((fd) => here.closed(fd))
      assert.ok(Buffer.isEncoding(os.device_encoding(terminal ?? -1) ?? ''))
    }),
  ],
})

const termsize = conformance('test_os', 'TermsizeTests', {
  test_does_not_crash: [
    holds('get_terminal_size gives columns and lines, or fails where there is no terminal', () => {
      try {
        const { columns, lines } = os.get_terminal_size()
        assert.ok(columns >= 0 && lines >= 0)
      } catch (error) {
        assert.ok(error instanceof os.OSError && ['ENOTTY', 'EINVAL'].includes(error.code), String(error))
      }
    }),
  ],
  test_stty_match: [
    holds(
      'get_terminal_size returns what stty prints',
      (here) => {
        const [, terminal = -1] = os.openpty().map((fd) => here.closed(fd))
        const [r, w] = here.pipe()
        const file_actions = [
          [os.POSIX_SPAWN_DUP2, terminal, 0],
          [os.POSIX_SPAWN_DUP2, w, 1],
        ] as const
        assert.equal(
          exitCode(os.posix_spawnp('stty', ['stty', 'cols', '91', 'rows', '37'], os.environ, { file_actions })),
          0,
        )
        assert.equal(exitCode(os.posix_spawnp('stty', ['stty', 'size'], os.environ, { file_actions })), 0)
        const [lines, columns] = String(os.read(r, 100)).trim().split(' ').map(Number)
        assert.deepEqual([...os.get_terminal_size(terminal)], [columns, lines])
        assert.deepEqual([columns, lines], [91, 37])
      },
      missing('stty'),
    ),
  ],
})

const memfd = conformance('test_os', 'MemfdCreateTests', {
  test_memfd_create: [
    holds('memfd_create gives a descriptor that is not inheritable', (here) => {
      assert.equal(os.get_inheritable(here.closed(os.memfd_create('Hi', os.MFD_CLOEXEC))), false)
    }),
    holds('without flags as well', (here) =>
      assert.equal(os.get_inheritable(here.closed(os.memfd_create('Hi'))), false),
    ),
    holds('it can be written as a file', (here) => {
      const fd = here.closed(os.memfd_create('Hi'))
      using file = os.fdopen(fd, 'wb', { closefd: false })
      file.write(Buffer.from('memfd_create'))
      assert.equal(file.tell(), 12)
    }),
  ],
})

function packed(value: bigint): Buffer {
  return Buffer.from(BigUint64Array.of(value).buffer)
}

/** A counter that does not block. */
function counter(here: Here, initial: number, flags = 0): number {
  return here.closed(os.eventfd(initial, os.EFD_CLOEXEC | os.EFD_NONBLOCK | flags))
}

const eventfd = conformance('test_os', 'EventfdTests', {
  test_eventfd_initval: [
    holds('eventfd gives a descriptor that is not inheritable', (here) => {
      assert.equal(os.get_inheritable(here.closed(os.eventfd(42))), false)
    }),
    holds('reading its eight bytes gives the initial value', (here) => {
      assert.deepEqual(os.read(here.closed(os.eventfd(42)), 8), packed(42n))
    }),
    holds('what is written is added up', (here) => {
      const fd = here.closed(os.eventfd(0))
      os.write(fd, packed(40n))
      os.write(fd, packed(2n))
      assert.deepEqual(os.read(fd, 8), packed(42n))
    }),
    holds('eventfd_write and eventfd_read do so with numbers', (here) => {
      const fd = here.closed(os.eventfd(0))
      os.eventfd_write(fd, 20)
      os.eventfd_write(fd, 3)
      assert.equal(os.eventfd_read(fd), 23n)
    }),
  ],
  test_eventfd_semaphore: [
    holds('a semaphore gives one at a time', (here) => {
      const fd = counter(here, 2, os.EFD_SEMAPHORE)
      assert.deepEqual([os.eventfd_read(fd), os.eventfd_read(fd)], [1n, 1n])
    }),
    holds('and is a BlockingIOError when it is used up', (here) => {
      const fd = counter(here, 0, os.EFD_SEMAPHORE)
      assert.throws(() => os.eventfd_read(fd), os.BlockingIOError)
      assert.throws(() => os.read(fd, 8), os.BlockingIOError)
    }),
    holds('until something is added', (here) => {
      const fd = counter(here, 0, os.EFD_SEMAPHORE)
      os.eventfd_write(fd, 1)
      assert.equal(os.eventfd_read(fd), 1n)
      assert.throws(() => os.eventfd_read(fd), os.BlockingIOError)
    }),
  ],
  test_eventfd_select: [
    holds('a counter of 0 can be written only', (here) => {
      const fd = counter(here, 0)
      assert.throws(() => os.eventfd_read(fd), os.BlockingIOError)
      os.eventfd_write(fd, 1)
    }),
    holds('another one can be read and written', (here) => {
      const fd = counter(here, 23)
      os.eventfd_write(fd, 1)
      assert.equal(os.eventfd_read(fd), 24n)
    }),
    holds('at its maximum, 2^64 - 2, it can be read only', (here) => {
      const fd = counter(here, 0)
      os.eventfd_write(fd, 2n ** 64n - 2n)
      assert.throws(() => os.eventfd_write(fd, 1), os.BlockingIOError)
      assert.equal(os.eventfd_read(fd), 2n ** 64n - 2n)
    }),
    holds('a value beyond 64 bits is refused', (here) => {
      const fd = counter(here, 0)
      rangeError(() => os.eventfd_write(fd, 2n ** 64n))
    }),
  ],
})

export const classes: readonly PythonClass[] = [
  invalid,
  inheritance,
  blocking,
  sendfile,
  deviceEncoding,
  termsize,
  memfd,
  eventfd,
]
