import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import os from 'osier'
import { inRepository } from '../../../tools/repository.ts'
import { temporaryFolder } from '../../support/folder.ts'

const exported = new Map<string, unknown>(Object.entries(os))

test('the mount flags are those of CPython', () => {
  const fixture: { constants: Record<string, number> } = JSON.parse(
    readFileSync(inRepository('test/fixtures/cpython-constants.json'), 'utf8'),
  )
  // The other names in ST_ are indices of a stat_result, in the module `stat`.
  const flags = /^ST_(RDONLY|NO\w+|SYNCHRONOUS|MANDLOCK|WRITE|APPEND|RELATIME)$/
  const theirs = Object.entries(fixture.constants).filter(([name]) => flags.test(name))
  assert.equal(theirs.length, 11)
  const ours = [...exported].filter(([name, value]) => name.startsWith('ST_') && value !== undefined)
  assert.deepEqual(Object.fromEntries(ours), Object.fromEntries(theirs))
})

test('statvfs sets the flags that a mount has', () => {
  const { f_flag } = os.statvfs('/proc')
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
  // Of several mounts on one another the last one is seen.
  const options = mounts.findLast((fields) => fields[4] === '/proc')?.[5]?.split(',') ?? []
  assert.ok(options.includes('rw') || options.includes('ro'), options.join())
  for (const [option, flag] of [
    ['ro', os.ST_RDONLY],
    ['nosuid', os.ST_NOSUID],
    ['nodev', os.ST_NODEV],
    ['noexec', os.ST_NOEXEC],
    ['relatime', os.ST_RELATIME],
    ['noatime', os.ST_NOATIME],
  ] as const) {
    assert.equal((f_flag & flag) !== 0, options.includes(option), option)
  }
})

test('statx fills in the fields that STATX_* requests', () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, 'abc')
  const fields = [
    [os.STATX_TYPE | os.STATX_MODE, 'stx_mode'],
    [os.STATX_NLINK, 'stx_nlink'],
    [os.STATX_UID, 'stx_uid'],
    [os.STATX_GID, 'stx_gid'],
    [os.STATX_ATIME, 'stx_atime_ns'],
    [os.STATX_MTIME, 'stx_mtime_ns'],
    [os.STATX_CTIME, 'stx_ctime_ns'],
    [os.STATX_INO, 'stx_ino'],
    [os.STATX_SIZE, 'stx_size'],
    [os.STATX_BLOCKS, 'stx_blocks'],
    [os.STATX_BTIME, 'stx_btime_ns'],
    [os.STATX_MNT_ID, 'stx_mnt_id'],
    [os.STATX_DIOALIGN, 'stx_dio_mem_align'],
    [os.STATX_SUBVOL, 'stx_subvol'],
    [os.STATX_WRITE_ATOMIC, 'stx_atomic_write_unit_max_opt'],
    [os.STATX_DIO_READ_ALIGN, 'stx_dio_read_offset_align'],
  ] as const
  const basic = fields.slice(0, 10).reduce((mask, [bit]) => mask | bit, 0)
  assert.equal(os.STATX_BASIC_STATS, basic)
  for (const [bit, field] of fields) {
    const result = os.statx(file, bit)
    // The kernel may return more fields than requested, and fewer of the non-basic ones.
    assert.equal(result[field] !== null, (result.stx_mask & bit) !== 0, field)
    if ((bit & basic) !== 0) assert.notEqual(result[field], null, field)
  }
  assert.equal(os.statx(file, os.STATX_SIZE).stx_size, 3)
})

test('statx takes AT_* as flags', () => {
  const flags = [os.AT_STATX_SYNC_AS_STAT, os.AT_STATX_FORCE_SYNC, os.AT_STATX_DONT_SYNC, os.AT_NO_AUTOMOUNT]
  assert.equal(new Set(flags).size, flags.length)
  const file = fileURLToPath(import.meta.url)
  for (const flag of flags) assert.equal(os.statx(file, os.STATX_INO, flag).stx_ino, os.stat(file).st_ino)
  // Fresh and not fresh at the same time: the kernel knows what these mean.
  const both = os.AT_STATX_FORCE_SYNC | os.AT_STATX_DONT_SYNC
  assert.throws(() => os.statx('/', os.STATX_INO, both), { name: 'OSError', code: 'EINVAL' })
})
