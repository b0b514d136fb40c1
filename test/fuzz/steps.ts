/** Random calls of `os`, with names that collide, unusual names and invalid names. */

import fc from 'fast-check'
import os from 'osier'

/**
 * A call of `os`. An argument is a literal value, except that text that begins with "@" is an absolute path in this
 * side's directory; or it is `{ bytes: 'hex' }`, `{ fd: slot }` for a descriptor that an earlier step has stored, or `{
 * pair: [...] }`, a tuple of integers (as text where JSON cannot hold them) or other numbers.
 */
export interface Step {
  readonly call: string
  readonly args: readonly unknown[]
  readonly options: Readonly<Record<string, unknown>>
  /** The slot in which the returned descriptor is stored. */
  readonly slot?: number
}

const LONGEST = 'x'.repeat(255)

const common = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'a/b', 'a/d', 'a/f', 'c/d', 'd/a', 'd/b', 'd/f', 'a/d/b']
const unusual = [
  ...[
    '.',
    '..',
    './a',
    'a/.',
    'a/..',
    'b/',
    'b/.',
    'b/..',
    'c/',
    'c/.',
    'a//b',
    'd/',
    'a/b/c',
    'c/a/b',
    '../a',
    '../b',
  ],
  ...['\udcff', 'a\udcff', 'a/\udcff', 'ü', '漢字', '🦀', ' ', '-', '\n', '~', '*', 'A', 'a\udcc3\udcbc', '\ufffd'],
  ...['@', '@/a', '@/b', '@/c/', '@/d/a', '@/../a'],
]
const invalid = [
  ...['', '\0', 'a\0b', '\ud800', 'a/\udc00', '\ud83e', LONGEST, `${LONGEST}x`, `a/${LONGEST}`, `${'ü'.repeat(127)}`],
  ...['ü'.repeat(128), `${'./'.repeat(2047)}b`, `${'./'.repeat(2048)}b`, `${'a/../'.repeat(800)}b`, '/'.repeat(4096)],
  ...['l0', 'l38', 'l39', 'l40', 'l41', 'l41/'],
]

function bytes(text: string): { bytes: string } {
  return { bytes: os.fsencode(text).toString('hex') }
}

/** Names without lone surrogates, which can be encoded. */
const encodable = [...common, ...unusual, ...invalid].filter((name) => !/[\ud800-\udc7f]/.test(name) || name === '🦀')
const inBytes = [
  ...encodable.filter((name) => !name.startsWith('@')).map(bytes),
  ...['ff', '61ff', '80', 'c3', 'eda080', 'f09fa6', '61c3bc', 'c0af'].map((hex) => ({ bytes: hex })),
]

const name = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(...common) },
  { weight: 6, arbitrary: fc.constantFrom(...unusual) },
  { weight: 3, arbitrary: fc.constantFrom(...inBytes) },
  { weight: 2, arbitrary: fc.constantFrom(...invalid) },
)

/** Initially slot 0 is a directory, slot 1 a file open for reading and writing; slot 3 is always empty. */
const slot = fc.constantFrom(0, 1, 1, 1, 2, 2, 3)
const fd = slot.map((number) => ({ fd: number }))
const nameOrFd = fc.oneof({ weight: 4, arbitrary: name }, { weight: 1, arbitrary: fd })
const dirFd = fc.constantFrom(
  ...Array(12).fill(null),
  { fd: 0 },
  { fd: 0 },
  { fd: 0 },
  { fd: 0 },
  { fd: 1 },
  { fd: 2 },
  { fd: 3 },
)
const follow = fc.boolean()

const mode = fc.oneof(
  fc.constantFrom(0o777, 0o755, 0o644, 0o700, 0o600, 0o555, 0o444, 0o111, 0o000, 0o1777, 0o4755, 0o2755),
  fc.integer({ min: 0, max: 0o7777 }),
)

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_PATH } = os
const TMPFILE = Number(os.O_TMPFILE)
const flags = fc
  .tuple(
    fc.constantFrom(O_RDONLY, O_WRONLY, O_RDWR),
    fc.constantFrom(0, O_CREAT, O_CREAT, O_CREAT | O_EXCL, O_CREAT | O_TRUNC, O_TRUNC, O_APPEND | O_CREAT),
    fc.constantFrom(0, 0, 0, O_DIRECTORY, O_NOFOLLOW, Number(O_PATH), TMPFILE, os.O_SYNC, Number(os.O_NOATIME)),
  )
  // Opening a FIFO would block until its other end is open.
  .map((parts) => parts.reduce((all, part) => all | part, os.O_NONBLOCK))

const data = fc.uint8Array({ maxLength: 40 }).map((content) => ({ bytes: Buffer.from(content).toString('hex') }))
const size = fc.constantFrom(0, 1, 5, 100, 4096, 10_000)
const length = fc.constantFrom(0, 1, 5, 10, 4096, 4097, 100_000, 2 ** 31, 2 ** 32 + 1, 2 ** 40, 2 ** 53 - 1, -1)
const offset = fc.constantFrom(0, 0, 1, 5, 4095, 65_536, 2 ** 31, 2 ** 32 + 1, -1)
const id = fc.constantFrom(-1, 0, 1000, 65_534)

const attribute = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('user.a', 'user.b', 'user.ü') },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      ...['user.', '', 'a', 'other.a', 'trusted.a', 'user.\udcff', 'user.\0', 'user.\ud800', `user.${'x'.repeat(250)}`],
      ...[`user.${'x'.repeat(251)}`, bytes('user.a'), { bytes: '757365722eff' }],
    ),
  },
)

/** Far from the current time, so that the trees can be compared: a time near it counts as the time of the step. */
const nanoseconds = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    '-1',
    '999999999',
    '1000000000',
    '-1000000001',
    '-2147483648000000000',
    '4294967296000000000',
  ),
  fc.constantFrom('9223372036854775807', '-9223372036854775808', '9223372036854775808', '15032385535999999999'),
  fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }).map(String),
  fc.bigInt({ min: -(2n ** 94n), max: 2n ** 94n }).map(String),
)
const seconds = fc.oneof(
  fc.constantFrom<number>(0, 1, -1, 0.1, -0.1, 1.1, 1e9 + 0.123456789, 1e9 - 1e-7, -1e-9, 4e9 + 0.7, 1e18, 1e20, -0.5),
  fc.double({ min: -2e9, max: 1.5e9, noNaN: true, noDefaultInfinity: true }),
)
function pairs(item: fc.Arbitrary<unknown>): fc.Arbitrary<{ pair: readonly unknown[] }> {
  return fc.tuple(item, item).map((pair) => ({ pair }))
}

type Parts = readonly fc.Arbitrary<unknown>[]

function step(
  call: string,
  args: Parts,
  options: Readonly<Record<string, fc.Arbitrary<unknown>>> = {},
): fc.Arbitrary<Step> {
  return fc.record({
    call: fc.constant(call),
    args: fc.tuple(...args),
    options: fc.record(options, { requiredKeys: [] }),
  })
}

/** A call whose returned descriptor is stored. */
function opening(calls: fc.Arbitrary<Step>): fc.Arbitrary<Step> {
  return fc.tuple(calls, fc.integer({ min: 0, max: 2 })).map(([call, slot]) => ({ ...call, slot }))
}

const twoDirFds = { src_dir_fd: dirFd, dst_dir_fd: dirFd }
const whence = fc.constantFrom(os.SEEK_SET, os.SEEK_CUR, os.SEEK_END, Number(os.SEEK_DATA), Number(os.SEEK_HOLE), 9)

/** Each with its weight. */
const weighted: readonly (readonly [weight: number, steps: fc.Arbitrary<Step>])[] = [
  [10, opening(step('open', [name, flags, mode], { dir_fd: dirFd }))],
  [4, opening(step('open', [name, fc.constant(O_RDONLY | O_DIRECTORY)], { dir_fd: dirFd }))],
  [1, opening(step('dup', [fd]))],
  [2, step('close', [slot])],
  [3, step('read', [fd, size])],
  [4, step('write', [fd, data])],
  [2, step('pread', [fd, size, offset])],
  [2, step('pwrite', [fd, data, offset])],
  [2, step('lseek', [fd, offset, whence])],
  [1, step('ftruncate', [fd, length])],
  [1, step('posix_fallocate', [fd, fc.constantFrom(0, 1, 4096, -1), fc.constantFrom(1, 10, 8192, 0, -1)])],
  [1, step('sendfile', [fd, fd, fc.constantFrom(0, 3, null), size])],
  [1, step('copy_file_range', [fd, fd, size], { offset_src: offset, offset_dst: offset })],
  [1, step('get_inheritable', [fd])],
  [1, step('get_blocking', [fd])],
  [1, step('fchmod', [fd, mode])],
  [1, step('fchown', [fd, id, id])],
  [2, step('fstat', [fd])],
  [4, step('link', [name, name], twoDirFds)],
  [2, step('link', [name, name], { ...twoDirFds, follow_symlinks: fc.constant(false) })],
  [8, step('symlink', [name, name], { dir_fd: dirFd })],
  [4, step('readlink', [name], { dir_fd: dirFd })],
  [1, step('chain', [fc.constantFrom(39, 40, 41, 42)])],
  [5, step('rename', [name, name], twoDirFds)],
  [5, step('replace', [name, name], twoDirFds)],
  [1, step('renames', [name, name])],
  [5, step('remove', [name], { dir_fd: dirFd })],
  [2, step('unlink', [name], { dir_fd: dirFd })],
  [8, step('mkdir', [name, mode], { dir_fd: dirFd })],
  [3, step('makedirs', [name, mode], { exist_ok: fc.boolean() })],
  [4, step('rmdir', [name], { dir_fd: dirFd })],
  [1, step('removedirs', [name])],
  [2, step('mkfifo', [name, mode], { dir_fd: dirFd })],
  [1, step('mknod', [name, fc.constantFrom(0o600, 0o100644, 0o10600, 0o140600, 0o40755)], { dir_fd: dirFd })],
  [5, step('chmod', [nameOrFd, mode])],
  [2, step('chmod', [name, mode], { dir_fd: dirFd })],
  [2, step('chown', [nameOrFd, id, id], { follow_symlinks: follow })],
  [1, step('chown', [name, id, id], { dir_fd: dirFd, follow_symlinks: follow })],
  [1, step('lchown', [name, id, id])],
  [4, step('utime', [nameOrFd], { ns: pairs(nanoseconds) })],
  [2, step('utime', [name], { ns: pairs(nanoseconds), dir_fd: dirFd, follow_symlinks: follow })],
  [3, step('utime', [name, pairs(seconds)], { dir_fd: dirFd, follow_symlinks: follow })],
  [1, step('utime', [nameOrFd])],
  [4, step('truncate', [nameOrFd, length])],
  [3, step('access', [name, fc.integer({ min: 0, max: 8 })])],
  [
    2,
    step('access', [name, fc.integer({ min: 0, max: 7 })], {
      dir_fd: dirFd,
      effective_ids: follow,
      follow_symlinks: follow,
    }),
  ],
  [4, step('stat', [nameOrFd], { follow_symlinks: follow })],
  [3, step('stat', [name], { dir_fd: dirFd, follow_symlinks: follow })],
  [2, step('lstat', [name], { dir_fd: dirFd })],
  [1, step('statvfs', [nameOrFd])],
  [3, step('listdir', [nameOrFd])],
  [4, step('scandir', [nameOrFd])],
  [1, step('walk', [name, fc.boolean()])],
  [1, step('fwalk', [name, dirFd])],
  [3, step('setxattr', [nameOrFd, attribute, data, fc.constantFrom(0, 0, 0, 1, 2, 3)])],
  [2, step('setxattr', [name, attribute, data], { follow_symlinks: follow })],
  [2, step('getxattr', [nameOrFd, attribute], { follow_symlinks: follow })],
  [2, step('listxattr', [nameOrFd], { follow_symlinks: follow })],
  [1, step('removexattr', [nameOrFd, attribute], { follow_symlinks: follow })],
  [2, step('chdir', [nameOrFd])],
  [1, step('fchdir', [fd])],
  [1, step('getcwd', [])],
  [1, step('getcwdb', [])],
  [1, step('umask', [fc.constantFrom(0o022, 0o077, 0, 0o777)])],
]

/** One step. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })))
