/** Names on FAT: what a path may hold, what an image may hold, and the label. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { vfs } from 'osier/micropython'
import { contents, small } from '../../support/fat.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { askPython, noPython } from '../../support/python.ts'
import { missing, tool } from '../../support/tools.ts'
import { warningsOf } from '../../support/warnings.ts'

const { RamBlockDev, VfsFat } = vfs
const image = join(temporaryFolder(), 'disk.img')
const SECTOR = 512
const ENTRY = 32

function list(fs: vfs.VfsFat, path = '/'): string[] {
  return Array.from(fs.ilistdir(path), ([name]) => name)
}

function put(fs: vfs.VfsFat, path: string, text: string): void {
  using file = fs.open(path, 'w')
  file.write(text)
}

/** All entries of a volume. */
function everything(fs: vfs.VfsFat): unknown[] {
  return [list(fs), list(fs, '/dir'), contents(fs, '/a').toString(), contents(fs, '/dir/below').toString()]
}

/** Every call that takes a path, and what comes before its last name. */
const calls: readonly ((fs: vfs.VfsFat, path: string) => unknown)[] = [
  (fs, path) => fs.open(path),
  (fs, path) => put(fs, path, 'overwritten'),
  (fs, path) => fs.open(path, 'a').close(),
  (fs, path) => fs.open(path, 'x').close(),
  (fs, path) => fs.stat(path),
  (fs, path) => fs.statvfs(path),
  (fs, path) => fs.mkdir(path),
  (fs, path) => fs.remove(path),
  (fs, path) => fs.rmdir(path),
  (fs, path) => fs.rename(path, '/other'),
  (fs, path) => fs.rename('/a', path),
  (fs, path) => fs.ilistdir(path),
  (fs, path) => fs.chdir(path),
]

/** The position of a character in a path: at the end of a name that exists, within one, above one, before "..". */
const places: readonly ((character: string) => string)[] = [
  (character) => `/a${character}`,
  (character) => `/a${character}b`,
  (character) => `/dir${character}`,
  (character) => `/dir${character}sub/below`,
  (character) => `/dir/below${character}`,
  (character) => `/${character}/../a`,
  (character) => `dir${character}`,
  (character) => `${character}a`,
]

const control = Array.from({ length: 31 }, (_, index) => String.fromCharCode(index + 1))
const forbidden = [...control, '\x7f', '"', '*', ':', '<', '>', '?', '|', '\uffff', '\ud800', '\udfff']

test('a character that FAT does not allow is refused in every call and every part of a path', () => {
  const { fs } = small()
  fs.mkdir('/dir')
  put(fs, '/a', 'precious')
  put(fs, '/dir/below', 'below')
  const before = everything(fs)
  for (const character of forbidden) {
    for (const place of places) {
      const path = place(character)
      // A bytes path is taken for the same name.
      for (const [index, call] of calls.entries()) {
        assert.throws(() => call(fs, path), { code: 'EINVAL' }, `${JSON.stringify(path)}, call ${index}`)
      }
    }
  }
  assert.throws(() => fs.stat(Buffer.from('/a\nb')), { code: 'EINVAL' })
  assert.throws(() => fs.stat('/a\0'), RangeError)
  assert.deepEqual(everything(fs), before)
})

test('a name loses dots and blanks at its end, and nothing else', () => {
  const rows: readonly (readonly [given: string, made: string | null])[] = [
    ['a.', 'a'],
    ['a..', 'a'],
    ['a ', 'a'],
    ['a. .', 'a'],
    [' a', ' a'],
    ['.a', '.a'],
    ['...', null],
    [' ', null],
    ['. .', null],
    // Only Windows keeps these for devices.
    ['con', 'con'],
    ['nul.txt', 'nul.txt'],
    ['aux', 'aux'],
    ['COM1', 'COM1'],
    ['a+,;=[]b', 'a+,;=[]b'],
    ['a\u0085b', 'a\u0085b'],
    // 255 units of UTF-16, not characters.
    ['é'.repeat(255), 'é'.repeat(255)],
    ['é'.repeat(256), null],
    ['😀'.repeat(127), '😀'.repeat(127)],
    ['😀'.repeat(128), null],
  ]
  for (const [given, made] of rows) {
    const { fs } = small()
    if (made === null) assert.throws(() => put(fs, given, ''), { code: 'EINVAL' }, given)
    else {
      put(fs, given, '')
      assert.deepEqual(list(fs), [made])
    }
  }
  const { fs } = small()
  assert.throws(() => put(fs, 'x'.repeat(5000), ''), { code: 'ENAMETOOLONG' })
})

/** The image of a volume with one file of a long name, which another of the same length has taken the place of. */
function withLongName(name: string): vfs.RamBlockDev {
  const { device, fs } = small()
  // In both cases, or it would have a short name only.
  const stand = 'qQ'.repeat(name.length).slice(0, name.length)
  put(fs, `/${stand}`, 'content')
  put(fs, '/good', '')
  const characters = [...Array(name.length).keys()].map((index) => name.charCodeAt(index))
  const offsets = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]
  for (let at = 0; at < device.data.length; at += ENTRY) {
    const entry = Buffer.from(device.data.buffer, device.data.byteOffset + at, ENTRY)
    if (entry[11] !== 0x0f || !offsets.every((offset) => [0x71, 0x51, 0, 0xffff].includes(entry.readUInt16LE(offset))))
      continue
    const first = (((entry[0] ?? 0) & 0x3f) - 1) * offsets.length
    for (const [index, offset] of offsets.entries()) {
      const character = characters[first + index]
      if (character !== undefined) entry.writeUInt16LE(character, offset)
    }
  }
  return device
}

test('a name in an image with a slash or control character is omitted from listings, with a warning', async () => {
  for (const name of ['../../../etc/', '..\\..\\windows', 'a/b', 'line\nbreak', 'clear\x1b[2J', 'delete\x7f']) {
    const fs = new VfsFat(withLongName(name))
    const warnings = await warningsOf(() => {
      assert.deepEqual(list(fs), ['good'])
      assert.deepEqual(
        Array.from(fs.ilistdir(Buffer.from('/')), ([each]) => each.toString()),
        ['good'],
      )
      for (const [each] of fs.ilistdir()) fs.stat(each)
    })
    assert.equal(warnings.length, 3)
    for (const { name: kind, message } of warnings) {
      assert.equal(kind, 'UnsafeNameWarning')
      assert.doesNotMatch(message, /[\x00-\x1f\x7f]/)
    }
  }
  // Odd, and harmless.
  assert.deepEqual(list(new VfsFat(withLongName('a:b*c'))), ['a:b*c', 'good'])
})

describe('the label', () => {
  const entryOfLabel = (device: { readonly data: Buffer }): Buffer => {
    const at = device.data.lastIndexOf('LABEL      ')
    assert.ok(at > SECTOR)
    return device.data.subarray(at, at + ENTRY)
  }
  const labelled = (change: (entry: Buffer) => void): string | null => {
    const device = new RamBlockDev(SECTOR, Buffer.alloc(SECTOR * 2048)) as vfs.RamBlockDev & { readonly data: Buffer }
    VfsFat.mkfs(device, { label: 'LABEL' })
    change(entryOfLabel(device))
    return new VfsFat(device).label
  }

  test('is found with other attributes set', () => {
    for (const attributes of [0x08, 0x28, 0x09, 0x2e, 0x88]) {
      assert.equal(
        labelled((entry) => entry.writeUInt8(attributes, 11)),
        'LABEL',
        attributes.toString(16),
      )
    }
    // A long name, a directory, a file.
    for (const attributes of [0x0f, 0x18, 0x20])
      assert.equal(
        labelled((entry) => entry.writeUInt8(attributes, 11)),
        null,
      )
  })

  test('is text in code page 437', { skip: noPython }, () => {
    const upper = askPython<string>('import json; print(json.dumps(bytes(range(128, 256)).decode("cp437")))')
    for (let byte = 0x80; byte < 0x100; byte++) {
      const found = labelled((entry) => entry.writeUInt8(byte, 2))
      assert.equal(found, `LA${upper[byte - 0x80]}EL`, byte.toString(16))
    }
    assert.equal(
      labelled((entry) => entry.writeUInt8(0x05, 0)),
      `${upper[0xe5 - 0x80]}ABEL`,
    )
    assert.equal(
      labelled((entry) => entry.writeUInt8(0xe5, 0)),
      null,
    )
    assert.equal(
      labelled((entry) => entry.writeUInt8(0x1b, 1)),
      'L\ufffdBEL',
    )
  })

  test('is the same for mtools', { skip: missing('mlabel', 'mkfs.fat') }, () => {
    const device = new RamBlockDev(SECTOR, 2048)
    VfsFat.mkfs(device)
    writeFileSync(image, device.data)
    tool('mlabel', ['-i', image, '::GR\u00c9EN'], '')
    using written = new vfs.FileBlockDev(image)
    assert.equal(new VfsFat(written).label, 'GR\u00c9EN')
    assert.match(tool('mlabel', ['-i', image, '-s', '::']), /GR\u00c9EN/)
  })
})
