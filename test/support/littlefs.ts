import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { vfs } from 'osier/micropython'
import { crc32 } from '../../src/vfs/littlefs/crc.ts'
import { inRepository } from '../../tools/repository.ts'
import { pattern } from './fat.ts'
import type { Tree } from './littlefs_checker.ts'

/** An image that littlefs's own code has made. */
export interface LittlefsImage {
  readonly name: string
  readonly version: 1 | 2
  readonly blockSize: number
  readonly data: Buffer
  readonly tree: Tree
  /** When each file was written: seconds since 1970. */
  readonly times: ReadonlyMap<string, number>
}

interface Indexed {
  readonly name: string
  readonly version: 1 | 2
  readonly block_size: number
  readonly tree: Readonly<Record<string, readonly [size: number, seed: number] | null>>
}

const folder = inRepository('test/fixtures/littlefs/')

/** All images of a version. */
export function littlefsImages(version: 1 | 2): LittlefsImage[] {
  const index = JSON.parse(readFileSync(`${folder}index.json`, 'utf8')) as Indexed[]
  return index
    .filter((each) => each.version === version)
    .map(({ name, block_size, tree }) => {
      const entries = Object.entries(tree)
      return {
        name,
        version,
        blockSize: block_size,
        data: gunzipSync(readFileSync(`${folder}${name}.img.gz`)),
        tree: new Map(entries.map(([path, file]) => [path, file === null ? null : pattern(...file)])),
        times: new Map(entries.flatMap(([path, file]) => (file === null ? [] : [[path, file[1]] as const]))),
      }
    })
}

type Littlefs = vfs.VfsLfs1 | vfs.VfsLfs2

/** Everything there is, as the product reads it. */
export function treeOf(fs: Littlefs, directory = ''): Tree {
  const tree: Tree = new Map()
  for (const [name, type] of fs.ilistdir(directory || '/')) {
    const path = `${directory}/${name}`
    if (type === 0x4000) {
      tree.set(path, null)
      for (const [below, data] of treeOf(fs, path)) tree.set(below, data)
    } else {
      using file = fs.open(path, 'rb')
      tree.set(path, file.read())
    }
  }
  return tree
}

/** A tree in an order and form that compares, and shows, well. */
export function sorted(tree: Tree): [string, string | null][] {
  return [...tree]
    .map(([path, data]): [string, string | null] => [path, data === null ? null : data.toString('latin1')])
    .sort(([one], [other]) => (one < other ? -1 : 1))
}

/** Writes a file. */
export function write(fs: Littlefs, path: string, data: Buffer, mode: 'wb' | 'ab' | 'r+b' = 'wb'): void {
  using file = fs.open(path, mode)
  file.write(data)
}

/** Makes the checksums of a block right again, so that what has been changed in it is believed. */
export function sign(block: Buffer, version: 1 | 2 = 2): void {
  if (version === 2) signLog(block)
  else {
    const end = (block.readUInt32LE(4) & 0x7fffffff) - 4
    if (end >= 16 && end + 4 <= block.length) block.writeUInt32LE(crc32(block, 0, end), end)
  }
}

function signLog(block: Buffer): void {
  let start = 0
  let previous = 0xffffffff
  for (let at = 4; at + 8 <= block.length; ) {
    const tag = (block.readUInt32BE(at) ^ previous) >>> 0
    const size = (tag & 0x3ff) === 0x3ff ? 0 : tag & 0x3ff
    if (tag >>> 31 === 1 || at + 4 + size > block.length) return
    const type = tag >>> 20
    previous = tag
    if (type >= 0x500 && type < 0x5ff) {
      block.writeUInt32LE(crc32(block, start, at + 4), at + 4)
      start = at + 4 + size
      previous = (previous ^ ((type & 1) << 31)) >>> 0
    }
    at += 4 + size
  }
}
