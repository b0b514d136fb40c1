import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import os from 'osier'
import { EBADF } from 'osier/errno'
import { noAttributes } from '../../support/attributes.ts'
import { assertSameAsPython, makeCalls, type Step } from '../../support/calls.ts'
import { askNode } from '../../support/child.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { noPython } from '../../support/python.ts'

const folder = temporaryFolder()
const file = join(folder, 'file')
const link = join(folder, 'link')
writeFileSync(file, '')
symlinkSync('file', link)

const skip = noAttributes(folder, 10)
/** Most file systems have room for less; a tmpfs has it, from Linux 6.6 on. */
const skipLarge = noAttributes('/dev/shm', 65_536)
const skipPython = noPython || skip

function fresh(name: string): string {
  const path = join(folder, name)
  writeFileSync(path, '')
  return path
}

describe('an attribute', { skip }, () => {
  test('is set, read, listed and removed', () => {
    const path = fresh('attributes')
    assert.deepEqual(os.listxattr(path), [])
    os.setxattr(path, 'user.one', Buffer.from('first'))
    os.setxattr(path, 'user.two', Buffer.alloc(0))
    os.setxattr(path, 'user.three', Buffer.of(0, 255, 10))
    assert.deepEqual(os.listxattr(path).sort(), ['user.one', 'user.three', 'user.two'])
    assert.deepEqual(os.getxattr(path, 'user.one'), Buffer.from('first'))
    assert.deepEqual(os.getxattr(path, 'user.two'), Buffer.alloc(0))
    assert.deepEqual(os.getxattr(path, 'user.three'), Buffer.of(0, 255, 10))
    os.setxattr(path, 'user.one', Buffer.from('another, and longer'))
    assert.equal(String(os.getxattr(path, 'user.one')), 'another, and longer')
    os.removexattr(path, 'user.two')
    assert.deepEqual(os.listxattr(path).sort(), ['user.one', 'user.three'])
    assert.throws(() => os.getxattr(path, 'user.two'), { code: 'ENODATA', syscall: 'getxattr', path })
    assert.throws(() => os.removexattr(path, 'user.two'), { code: 'ENODATA', syscall: 'removexattr', path })
  })

  test('is that of a path of any kind, or of a descriptor', (t) => {
    const path = fresh('forms')
    const fd = os.open(path, os.O_RDWR)
    t.after(() => os.close(fd))
    const forms = [path, Buffer.from(path), pathToFileURL(path), fd, { fd }, { fileno: () => fd }]
    for (const [index, form] of forms.entries()) {
      const attribute = index % 2 === 0 ? `user.a${index}` : Buffer.from(`user.a${index}`)
      os.setxattr(form, attribute, Buffer.of(index))
      for (const other of forms) assert.deepEqual(os.getxattr(other, attribute), Buffer.of(index))
      assert.deepEqual(os.listxattr(form), [`user.a${index}`])
      os.removexattr(form, attribute)
      assert.deepEqual(os.listxattr(form), [])
    }
  })

  test('may have any name, and any view of memory as value', () => {
    const path = fresh('names')
    os.setxattr(path, Buffer.from('user.\xff', 'latin1'), Uint16Array.of(258))
    assert.deepEqual(os.listxattr(path), ['user.\udcff'])
    assert.deepEqual(os.getxattr(path, 'user.\udcff'), Buffer.from(Uint16Array.of(258).buffer))
    os.setxattr(path, 'user.\udcff', new DataView(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2))
    assert.deepEqual(os.getxattr(path, 'user.\udcff'), Buffer.of(2, 3))
    os.setxattr(path, 'user.é', new Uint8Array(new SharedArrayBuffer(2)))
    assert.deepEqual(os.getxattr(path, { __fspath__: () => 'user.é' }), Buffer.of(0, 0))
  })

  test('is created or replaced according to the flags', () => {
    const path = fresh('flags')
    assert.throws(() => os.setxattr(path, 'user.a', Buffer.of(1), os.XATTR_REPLACE), { code: 'ENODATA' })
    os.setxattr(path, 'user.a', Buffer.of(1), os.XATTR_CREATE)
    assert.throws(() => os.setxattr(path, 'user.a', Buffer.of(2), os.XATTR_CREATE), os.FileExistsError)
    os.setxattr(path, 'user.a', Buffer.of(3), { flags: os.XATTR_REPLACE, follow_symlinks: true })
    assert.deepEqual(os.getxattr(path, 'user.a'), Buffer.of(3))
  })

  test('a returned value does not change with later calls', () => {
    const path = fresh('kept')
    os.setxattr(path, 'user.a', Buffer.from('first'))
    const first = os.getxattr(path, 'user.a')
    os.setxattr(path, 'user.a', Buffer.from('other'))
    os.getxattr(path, 'user.a')
    os.stat(path)
    assert.equal(String(first), 'first')
  })
})

test('values have up to 64 KiB', { skip: skipLarge }, () => {
  const shm = mkdtempSync('/dev/shm/osier-')
  after(() => rmSync(shm, { recursive: true }))
  const path = join(shm, 'file')
  writeFileSync(path, '')
  const largest = os.urandom(os.XATTR_SIZE_MAX)
  os.setxattr(path, 'user.large', largest)
  assert.ok(os.getxattr(path, 'user.large').equals(largest))
  assert.throws(() => os.setxattr(path, 'user.large', Buffer.alloc(os.XATTR_SIZE_MAX + 1)), { code: 'E2BIG' })
  const names = Array.from({ length: 200 }, (_, index) => `user.${String(index).padStart(3, '0').repeat(50)}`)
  const many = join(shm, 'many')
  writeFileSync(many, '')
  for (const name of names) os.setxattr(many, name, Buffer.alloc(0))
  assert.deepEqual(os.listxattr(many).sort(), names)
})

test('AT_FDCWD is refused as a descriptor', () => {
  // Linux 6.13 and later would take the current directory's attributes.
  const cwd = join(folder, 'current')
  os.mkdir(cwd)
  const AT_FDCWD = -100
  const steps: Step[] = [
    ['setxattr', AT_FDCWD, 'user.a', { bytes: '01' }],
    ['getxattr', AT_FDCWD, 'user.a'],
    ['listxattr', AT_FDCWD],
    ['removexattr', AT_FDCWD, 'user.a'],
  ]
  assert.deepEqual(
    makeCalls(steps, { cwd }),
    steps.map(() => ({ errno: EBADF })),
  )
})

test('promises.setxattr sets the whole value of a view with a false length', { skip }, async () => {
  const path = fresh('claims')
  const value = Uint8Array.from([1, 2, 3])
  Object.defineProperty(value, 'length', { value: 0 })
  await os.promises.setxattr(path, 'user.a', value)
  assert.deepEqual(os.getxattr(path, 'user.a'), Buffer.of(1, 2, 3))
})

test('follow_symlinks chooses between a link and its target', { skip: skipPython }, () => {
  const named = (name: string, ...args: unknown[]): Step => [name, ...args]
  for (const path of ['file', 'link', 'nowhere', { bytes: Buffer.from('link').toString('hex') }]) {
    assertSameAsPython(
      [
        named('setxattr', path, 'user.a', { bytes: '01' }),
        named('getxattr', 'file', 'user.a'),
        named('getxattr', path, 'user.a'),
        named('listxattr', path),
        named('removexattr', path, 'user.a'),
        named('listxattr', 'file'),
      ],
      { cwd: folder },
    )
  }
  // Whether a link may have any is the system's business: those of root alone ("trusted.") it may.
  const trusted = process.getuid?.() === 0
  const attribute = trusted ? 'trusted.osier' : 'user.osier'
  const own = { follow_symlinks: false }
  const outcome = askNode<unknown>(
    `process.chdir(${JSON.stringify(folder)})
    const own = { follow_symlinks: false }
    const attempts = [
      () => os.setxattr('link', '${attribute}', Buffer.of(7), own),
      () => [...os.getxattr('link', '${attribute}', own)],
      () => os.listxattr('link', own).includes('${attribute}'),
      () => os.listxattr('link').includes('${attribute}'),
      () => os.removexattr('link', '${attribute}', own),
    ]
    console.log(JSON.stringify(attempts.map((attempt) => { try { return attempt() ?? null } catch (e) { return e.code } })))`,
  )
  assert.deepEqual(outcome, trusted ? [null, [7], true, false, null] : ['EPERM', 'ENODATA', false, false, 'EPERM'])
  assert.deepEqual(os.listxattr(link, own).includes(attribute), false)
})

test('errors are those of Python', { skip: skipPython }, () => {
  const value = { bytes: '01' }
  assertSameAsPython(
    [
      ['getxattr', 'file', 'user.none'],
      ['removexattr', 'file', 'user.none'],
      ['getxattr', 'nowhere', 'user.none'],
      ['setxattr', 'nowhere', 'user.none', value],
      ['listxattr', 'nowhere'],
      ['listxattr', ''],
      ['listxattr'],
      ['listxattr', null],
      ['setxattr', 'file', 'no namespace', value],
      ['setxattr', 'file', '', value],
      ['setxattr', 'file', `user.${'x'.repeat(300)}`, value],
      ['setxattr', 'file', 'user.a\0b', value],
      ['setxattr', 'fi\0le', 'user.a', value],
      ['setxattr', 'file', 'user.a', 'text'],
      ['setxattr', 'file', 'user.a', null],
      ['setxattr', 'file', 'user.a', value, 4],
      ['setxattr', 'file', 'user.a', value, 3],
      ['setxattr', 'file', 'user.a', value, 2 ** 31],
      ['setxattr', 'file', 'user.a', value, '1'],
      ['setxattr', 'file', 5, value],
      ['getxattr', 'file', null],
      ['getxattr', 'fi\0le', 'user.a'],
      ['getxattr', 'file', 'user.\0'],
      ['removexattr', 'file', 'user.\0'],
      ['removexattr', null, 'user.a'],
      ['listxattr', 'fi\0le'],
      ['getxattr', 12_345, 'user.a'],
      ['setxattr', 12_345, 'user.a', value],
      ['removexattr', 12_345, 'user.a'],
      ['listxattr', 12_345],
      ['listxattr', 'file'],
    ],
    { cwd: folder },
  )
})

test('a descriptor with follow_symlinks: false is refused', () => {
  const own = { follow_symlinks: false }
  for (const call of [
    () => os.getxattr(5, 'user.a', own),
    () => os.setxattr(5, 'user.a', Buffer.of(1), own),
    () => os.removexattr(5, 'user.a', own),
    () => os.listxattr(5, own),
    () => os.listxattr({ path: 5, ...own }),
  ]) {
    assert.throws(call, { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' })
  }
  // Python takes -1 for no descriptor, and lists the current directory.
  assert.throws(() => os.listxattr(-1), { code: 'EBADF' })
  // @ts-expect-error the option does not exist
  assert.throws(() => os.getxattr(file, 'user.a', { follow: false }), TypeError)
  // @ts-expect-error a truth value, and nothing that resembles one
  assert.throws(() => os.listxattr(file, { follow_symlinks: 0 }), TypeError)
})

test('supports_fd and supports_follow_symlinks contain the functions', () => {
  for (const fn of [os.getxattr, os.setxattr, os.removexattr, os.listxattr]) {
    assert.ok(os.supports_fd.has(fn) && os.supports_follow_symlinks.has(fn), fn.name)
  }
})

test('each call raises an audit event', { skip }, (t) => {
  const path = fresh('audited')
  const messages: unknown[] = []
  const listen = (message: unknown): unknown => messages.push(message)
  for (const event of ['os.getxattr', 'os.setxattr', 'os.removexattr', 'os.listxattr']) {
    subscribe(event, listen)
    t.after(() => unsubscribe(event, listen))
  }
  const value = Buffer.of(1)
  os.setxattr(path, 'user.a', value, os.XATTR_CREATE)
  os.getxattr(path, 'user.a')
  os.listxattr(path)
  os.listxattr()
  os.removexattr(path, 'user.a')
  assert.deepEqual(messages, [
    { event: 'os.setxattr', args: [path, 'user.a', value, os.XATTR_CREATE] },
    { event: 'os.getxattr', args: [path, 'user.a'] },
    { event: 'os.listxattr', args: [path] },
    { event: 'os.listxattr', args: [null] },
    { event: 'os.removexattr', args: [path, 'user.a'] },
  ])
})
