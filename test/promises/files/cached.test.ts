/** What is done at once gives what the synchronous functions give, and so do the other ways. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os, { promises } from 'osier'
import { temporaryFolder } from '../../support/folder.ts'
import { noStrace } from '../../support/strace.ts'

const folder = temporaryFolder()
const at = (...parts: string[]): string => join(folder, ...parts)
writeFileSync(at('file'), 'contents')
mkdirSync(at('directory'))
symlinkSync('file', at('link'))
symlinkSync('directory', at('to-directory'))
symlinkSync('nowhere', at('dangling'))
symlinkSync('loop', at('loop'))
os.mkfifo(at('fifo'))
writeFileSync(Buffer.from(`${folder}/\xff`, 'latin1'), '')

const paths: readonly (string | Buffer)[] = [
  ...['file', 'directory', 'link', 'to-directory', 'to-directory/', 'dangling', 'loop', 'fifo', 'missing'].map((name) =>
    at(name),
  ),
  ...['file/', 'file/below', 'missing/below', 'x'.repeat(300), 'directory/..', 'directory/.'].map(
    (name) => `${folder}/${name}`,
  ),
  Buffer.from(`${folder}/\xff`, 'latin1'),
  ...['', '/', '/dev/null', '/proc/self/status', '/proc/self/exe', '/sys', '/dev/pts'],
]

interface Outcome {
  readonly value?: unknown
  readonly error?: string
}

async function outcomeOf(call: () => unknown): Promise<Outcome> {
  try {
    // Times of access, and all times of /proc, may change from call to call.
    const status = (await call()) as os.stat_result
    const { st_mode, st_ino, st_dev, st_nlink, st_uid, st_gid, st_size, st_blksize, st_blocks, st_rdev } = status
    const time = String(call).includes('proc') ? 0n : status.st_mtime_ns
    return { value: [st_mode, st_ino, st_dev, st_nlink, st_uid, st_gid, st_size, st_blksize, st_blocks, st_rdev, time] }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

describe('the status', () => {
  for (const path of paths) {
    test(`of ${JSON.stringify(String(path)).slice(0, 80)}`, async () => {
      for (let round = 0; round < 2; round++) {
        const inProc = String(path).startsWith('/proc')
        const [stat, twin, lstat, lstatTwin] = await Promise.all([
          outcomeOf(() => os.stat(path)),
          outcomeOf(() => promises.stat(path)),
          outcomeOf(() => os.lstat(path)),
          outcomeOf(() => promises.lstat(path)),
        ])
        if (inProc) for (const one of [stat, twin, lstat, lstatTwin]) if (Array.isArray(one.value)) one.value.pop()
        assert.deepEqual(twin, stat)
        assert.deepEqual(lstatTwin, lstat)
      }
    })
  }

  test('of a name below a descriptor, and of a descriptor', async () => {
    const dir_fd = os.open(folder, os.O_RDONLY)
    const path_fd = os.open(at('link'), os.O_PATH | os.O_NOFOLLOW)
    try {
      const of = (status: os.stat_result): unknown => [
        status.st_ino,
        status.st_mode,
        status.st_size,
        status.st_mtime_ns,
      ]
      assert.deepEqual(of(await promises.stat('link', { dir_fd })), of(os.stat('link', { dir_fd })))
      const nofollow = { dir_fd, follow_symlinks: false }
      assert.deepEqual(of(await promises.stat('link', nofollow)), of(os.stat('link', nofollow)))
      for (const fd of [dir_fd, path_fd]) assert.deepEqual(of(await promises.fstat(fd)), of(os.fstat(fd)))
      await assert.rejects(promises.stat('link', { dir_fd: 12_345 }), { code: 'EBADF' })
    } finally {
      os.close(dir_fd)
      os.close(path_fd)
    }
    await assert.rejects(promises.fstat(12_345), { code: 'EBADF' })
  })

  test('is that of the moment of the call', async () => {
    for (const size of [10, 0, 5000]) {
      truncateSync(at('file'), size)
      const before = promises.stat(at('file'))
      truncateSync(at('file'), 1)
      assert.equal((await before).st_size, size)
    }
    writeFileSync(at('file'), 'contents')
  })

  test('of a file that is created, replaced and removed', async () => {
    await assert.rejects(promises.stat(at('new')), os.FileNotFoundError)
    writeFileSync(at('new'), 'x')
    const { st_ino } = await promises.stat(at('new'))
    writeFileSync(at('newer'), 'xy')
    os.replace(at('newer'), at('new'))
    assert.notEqual((await promises.stat(at('new'))).st_ino, st_ino)
    os.remove(at('new'))
    await assert.rejects(promises.stat(at('new')), os.FileNotFoundError)
  })

  test('takes no other thread, if it is in memory', { skip: noStrace }, () => {
    const program = `
      import os from '${import.meta.resolve('osier')}'
      for (let i = 0; i < 200; i++) await os.promises.stat(${JSON.stringify(at('file'))})`
    const log = at('log')
    const args = [
      '-f',
      '-qq',
      '-e',
      'trace=openat2,newfstatat',
      '-o',
      log,
      process.execPath,
      '--input-type=module',
      '-e',
      program,
    ]
    assert.equal(spawnSync('strace', args, { timeout: 60_000 }).status, 0)
    const calls = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes(at('file')))
    const cached = calls.filter((line) => line.includes('RESOLVE_CACHED') && !line.includes('-1 E'))
    // Each 65th call in a row takes another way, so that other callbacks of the event loop run.
    const threads = new Set(cached.map((line) => line.split(' ')[0]))
    // An older kernel cannot tell what is in memory.
    if (cached.length > 0) assert.deepEqual([threads.size, cached.length > 150], [1, true])
  })
})

describe('a read at an offset', () => {
  const size = 3_000_000
  const bytes = Buffer.from(Array.from({ length: size }, (_, index) => (index * 31) & 0xff))
  writeFileSync(at('large'), bytes)

  for (const [offset, length] of [
    [0, 1],
    [0, 8192],
    [1, 8193],
    [7, 65_536],
    [100, 65_537],
    [0, 2 ** 20],
    [5, 2 ** 20 + 1],
    [size - 3, 100],
    [size, 10],
    [size + 10, 10],
    [0, 0],
  ] as const) {
    test(`${length} bytes at ${offset}`, async () => {
      const fd = os.open(at('large'), os.O_RDONLY)
      const expected = bytes.subarray(offset, offset + length)
      try {
        assert.ok((await promises.pread(fd, length, offset)).equals(expected))
        const [head, tail] = [Buffer.alloc(Math.floor(length / 3)), Buffer.alloc(length - Math.floor(length / 3))]
        assert.equal(await promises.preadv(fd, [head, tail], offset), expected.length)
        assert.ok(Buffer.concat([head, tail]).subarray(0, expected.length).equals(expected))
        const one = new Uint8Array(length)
        assert.equal(await promises.preadv(fd, [one], BigInt(offset)), expected.length)
        assert.ok(expected.equals(one.subarray(0, expected.length)))
        // The position of the file stays where it is.
        assert.equal(os.lseek(fd, 0, os.SEEK_CUR), 0)
      } finally {
        os.close(fd)
      }
    })
  }

  test('is refused as by the synchronous functions', async () => {
    const directory = os.open(folder, os.O_RDONLY)
    const writer = os.open(at('large'), os.O_WRONLY)
    const [r, w] = os.pipe()
    try {
      for (const fd of [directory, writer, r, 12_345]) {
        const same = (call: () => unknown): { message: string } => {
          try {
            call()
          } catch (error) {
            return { message: (error as Error).message }
          }
          return assert.fail('it was not refused')
        }
        await assert.rejects(
          promises.pread(fd, 10, 0),
          same(() => os.pread(fd, 10, 0)),
        )
        await assert.rejects(
          promises.preadv(fd, [Buffer.alloc(4)], 0),
          same(() => os.preadv(fd, [Buffer.alloc(4)], 0)),
        )
      }
      await assert.rejects(promises.pread(writer, 10, -5), { code: /EINVAL|EBADF/ })
    } finally {
      for (const fd of [directory, writer, r, w]) os.close(fd)
    }
  })

  test('at the position of the file moves it', async () => {
    const fd = os.open(at('large'), os.O_RDONLY)
    assert.equal(await promises.preadv(fd, [Buffer.alloc(10)], -1), 10)
    assert.equal(os.lseek(fd, 0, os.SEEK_CUR), 10)
    os.close(fd)
  })
})
