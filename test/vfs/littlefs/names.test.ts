/** Names on littlefs: what can be made, and what an image may hold. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vfs } from 'osier/micropython'
import { sign, write } from '../../support/littlefs.ts'
import { warningsOf } from '../../support/warnings.ts'

const { RamBlockDev } = vfs
const BLOCK = 512

type Littlefs = vfs.VfsLfs1 | vfs.VfsLfs2

function list(fs: Littlefs): string[] {
  return Array.from(fs.ilistdir(), ([name]) => name)
}

/** An image with one name that another of the same length has taken the place of. */
function withName(version: 1 | 2, name: string): { fs: Littlefs; stand: string } {
  const Lfs = version === 1 ? vfs.VfsLfs1 : vfs.VfsLfs2
  const data = Buffer.alloc(BLOCK * 32, 0xff)
  const device = new RamBlockDev(BLOCK, data)
  Lfs.mkfs(device)
  const stand = 'q'.repeat(name.length)
  const fs = new Lfs(device)
  write(fs, stand, Buffer.from('content'))
  write(fs, 'sound', Buffer.from('more'))
  for (let at = data.indexOf(stand); at !== -1; at = data.indexOf(stand)) data.write(name, at, 'latin1')
  for (let block = 0; block < 32; block++) sign(data.subarray(block * BLOCK, (block + 1) * BLOCK), version)
  return { fs: new Lfs(device), stand }
}

for (const version of [1, 2] as const) {
  test(`VfsLfs${version}: a name in an image with a slash or control character is omitted from listings`, async () => {
    for (const name of [
      '../../x1',
      '.',
      '..',
      '/etc/passwd',
      'a/b',
      'a\0b',
      'line\nbreak',
      'clear\x1b[2J',
      'delete\x7f',
    ]) {
      const { fs } = withName(version, name)
      const warnings = await warningsOf(() => assert.deepEqual(list(fs), ['sound'], JSON.stringify(name)))
      assert.deepEqual(
        warnings.map((warning) => warning.name),
        ['UnsafeNameWarning'],
      )
      assert.doesNotMatch(warnings[0]?.message ?? '', /[\x00-\x1f\x7f]/)
    }
    assert.deepEqual(list(withName(version, 'a\\b:*').fs).sort(), ['a\\b:*', 'sound'])
  })

  test(`VfsLfs${version}: no name with a control character is made; one that a board has made can be read, renamed, removed`, () => {
    const { fs } = withName(version, 'line\nbreak')
    for (const call of [
      () => fs.open('new\nname', 'w'),
      () => fs.open('new\x1bname', 'x'),
      () => fs.mkdir('new\x7fname'),
      () => fs.rename('sound', 'un\tsound'),
    ]) {
      assert.throws(call, { code: 'EINVAL' })
    }
    assert.equal(fs.open('line\nbreak').read(), 'content')
    fs.rename('line\nbreak', 'line break')
    assert.deepEqual(list(fs).sort(), ['line break', 'sound'])
    assert.throws(() => fs.stat('a\0'), RangeError)
  })
}
