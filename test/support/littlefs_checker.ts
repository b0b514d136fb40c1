/**
 * Reads littlefs as its specifications have it, sharing nothing with the product: in the second version each tag is
 * looked up from the end of the log, as MicroPython does. It reads the whole image, and throws on inconsistencies.
 */

import assert from 'node:assert/strict'

type Pair = readonly [number, number]

interface Tag {
  readonly type: number
  readonly id: number
  readonly data: Buffer
}

/** What an image holds: directories as null, files as their bytes. */
export type Tree = Map<string, Buffer | null>

function checksum(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return crc >>> 0
}

/** The tags of all valid commits of a block, in their order. */
function validTags(block: Buffer): Tag[] {
  const valid: Tag[] = []
  let pending: Tag[] = []
  let previous = 0xffffffff
  let start = 0
  for (let at = 4; at + 4 <= block.length; ) {
    const tag = (block.readUInt32BE(at) ^ previous) >>> 0
    const length = (tag & 0x3ff) === 0x3ff ? 0 : tag & 0x3ff
    if (tag >= 0x80000000 || at + 4 + length > block.length) break
    const type = tag >>> 20
    previous = tag
    if (type >= 0x500 && type < 0x5ff) {
      if (checksum(block.subarray(start, at + 4)) !== block.readUInt32LE(at + 4)) break
      valid.push(...pending)
      pending = []
      start = at + 4 + length
      if (type & 1) previous = (previous ^ 0x80000000) >>> 0
    } else pending.push({ type, id: (tag >>> 10) & 0x3ff, data: block.subarray(at + 4, at + 4 + length) })
    at += 4 + length
  }
  return valid
}

class Log {
  readonly tags: readonly Tag[]
  readonly count: number

  constructor(image: Buffer, blockSize: number, [one, other]: Pair) {
    const blocks = [one, other].map((number) => image.subarray(number * blockSize, (number + 1) * blockSize))
    blocks.sort((a, b) => (b.readUInt32LE(0) - a.readUInt32LE(0)) | 0)
    this.tags = blocks.map(validTags).find((tags) => tags.length > 0) ?? []
    assert.ok(this.tags.length > 0, `the pair ${one}, ${other} has a valid commit`)
    this.count = this.#countEntries()
  }

  #countEntries(): number {
    let count = 0
    for (const { type, id } of this.tags) {
      if (type < 0x100) count = Math.max(count, id + 1)
      else if (type === 0x401) count += 1
      else if (type === 0x4ff) count -= 1
    }
    return count
  }

  /** The newest tag of a kind that belongs to an id, looked for from the end: creations and deletions move ids. */
  last(mask: number, type: number, id: number): Tag | undefined {
    let wanted = id
    for (const tag of this.tags.toReversed()) {
      const splice = tag.type === 0x401 || tag.type === 0x4ff
      if (id !== 0x3ff && splice && tag.id <= wanted) {
        if (tag.type === 0x4ff) wanted += 1
        else if (tag.id === wanted) return undefined
        else wanted -= 1
      }
      if ((tag.type & mask) === type && tag.id === wanted) return tag
    }
    return undefined
  }
}

interface Link {
  readonly log: Log
  readonly tail: Pair | null
  readonly split: boolean
}

/** The list of all pairs, by pair. */
type Logs = Map<string, Link>

/** What both versions have in common: which blocks belong to what, and the chains of files. */
class Blocks {
  readonly image: Buffer
  readonly blockSize: number
  readonly tree: Tree = new Map()
  readonly #used: Map<number, string> = new Map()

  constructor(image: Buffer, blockSize: number) {
    this.image = image
    this.blockSize = blockSize
  }

  use(block: number, what: string): void {
    assert.ok(block * this.blockSize < this.image.length, `${what} is on the device`)
    assert.equal(this.#used.get(block), undefined, `block ${block} of ${what} belongs to nothing else`)
    this.#used.set(block, what)
  }

  /** From the last block to the first: in a block n the pointer x leads back by 2 to the power of x. */
  chain(struct: Buffer, name: string): Buffer {
    const size = struct.readUInt32LE(4)
    const sizes: number[] = []
    for (let index = 0, total = 0; total < size; index++) {
      const pointers = index === 0 ? 0 : Math.log2(index & -index) + 1
      sizes.push(Math.min(this.blockSize - pointers * 4, size - total))
      total += this.blockSize - pointers * 4
    }
    const pieces: Buffer[] = []
    let block = struct.readUInt32LE(0)
    for (let index = sizes.length - 1; index >= 0; index--) {
      this.use(block, name)
      const start = block * this.blockSize + (index === 0 ? 0 : (Math.log2(index & -index) + 1) * 4)
      pieces.unshift(this.image.subarray(start, start + (sizes[index] ?? 0)))
      block = this.image.readUInt32LE(block * this.blockSize)
    }
    return Buffer.concat(pieces)
  }
}

class Checker extends Blocks {
  /** First pairs of directories, as entries have them. */
  readonly #directories: Pair[] = []
  readonly #state = [0, 0, 0]

  check(): void {
    const heads: Pair[] = []
    let pair: Pair | null = [0, 1]
    let root: Pair = pair
    let isHead = false
    const logs: Logs = new Map()
    while (pair !== null) {
      for (const block of pair) this.use(block, `the pair ${pair}`)
      const log: Log = new Log(this.image, this.blockSize, pair)
      if (log.last(0x7ff, 0x0ff, 0) !== undefined) root = pair
      if (isHead) heads.push(pair)
      const piece = log.last(0x7ff, 0x7ff, 0x3ff)?.data
      for (let word = 0; word < 3; word++)
        this.#state[word] = (this.#state[word] ?? 0) ^ (piece?.readUInt32LE(word * 4) ?? 0)
      const tag: Tag | undefined = log.last(0x700, 0x600, 0x3ff)
      const tail = tag === undefined || tag.data.readUInt32LE(0) === 0xffffffff ? null : readPair(tag.data)
      const split = tag?.type === 0x601
      logs.set(String(pair), { log, tail, split })
      isHead = !split
      pair = tail
    }
    assert.deepEqual(this.#state, [0, 0, 0], 'nothing is unfinished')
    this.#walk('', root, logs)
    const sorted = (pairs: Pair[]): string[] => pairs.map((each) => String([...each].sort((a, b) => a - b))).sort()
    assert.deepEqual(sorted(this.#directories), sorted(heads), 'the list of pairs and the tree agree')
  }

  #walk(path: string, head: Pair, logs: Logs): void {
    for (let pair: Pair | null = head; pair !== null; ) {
      const found: Link | undefined = logs.get(String(pair)) ?? logs.get(String([pair[1], pair[0]]))
      assert.ok(found !== undefined, `the pair ${pair} is in the list of all pairs`)
      for (let id = 0; id < found.log.count; id++) this.#entry(path, found.log, id, logs)
      pair = found.split ? found.tail : null
    }
  }

  #entry(path: string, log: Log, id: number, logs: Logs): void {
    const name = log.last(0x700, 0x000, id)
    if (name === undefined || name.type === 0x0ff) return
    const full = `${path}/${name.data}`
    assert.ok(!this.tree.has(full), `${full} is there once`)
    const struct = log.last(0x700, 0x200, id)
    assert.ok(struct !== undefined, `${full} has contents`)
    if (name.type === 0x002) {
      const head = readPair(struct.data)
      this.tree.set(full, null)
      this.#directories.push(head)
      this.#walk(full, head, logs)
    } else this.tree.set(full, struct.type === 0x201 ? struct.data : this.chain(struct.data, full))
  }
}

function readPair(data: Buffer): Pair {
  return [data.readUInt32LE(0), data.readUInt32LE(4)]
}

/** A pair of the first version. */
interface First {
  readonly tail: Pair | null
  readonly split: boolean
  readonly entries: readonly { readonly type: number; readonly data: Buffer; readonly name: string }[]
}

class FirstChecker extends Blocks {
  readonly #list: Map<string, First> = new Map()
  readonly #heads: string[] = []
  readonly #directories: string[] = []

  #read([one, other]: Pair): First {
    const blocks = [one, other].map((number) =>
      this.image.subarray(number * this.blockSize, (number + 1) * this.blockSize),
    )
    blocks.sort((a, b) => (b.readUInt32LE(0) - a.readUInt32LE(0)) | 0)
    const block = blocks.find((bytes) => {
      const size = bytes.readUInt32LE(4) & 0x7fffffff
      return size >= 20 && size <= bytes.length && checksum(bytes.subarray(0, size)) === 0
    })
    assert.ok(block !== undefined, `the pair ${one}, ${other} is valid`)
    const entries = []
    for (let at = 16; at < (block.readUInt32LE(4) & 0x7fffffff) - 4; ) {
      const [type = 0, data = 0, attributes = 0, name = 0] = block.subarray(at, at + 4)
      const start = at + 4 + data + attributes
      entries.push({
        type,
        data: block.subarray(at + 4, at + 4 + data),
        name: String(block.subarray(start, start + name)),
      })
      at = start + name
    }
    const tail = block.readUInt32LE(8) === 0xffffffff ? null : readPair(block.subarray(8))
    return { tail, split: block.readUInt32LE(4) >= 0x80000000, entries }
  }

  check(): void {
    let isHead = false
    for (let pair: Pair | null = [0, 1]; pair !== null; ) {
      for (const block of pair) this.use(block, `the pair ${pair}`)
      const read: First = this.#read(pair)
      this.#list.set(sortedPair(pair), read)
      if (isHead) this.#heads.push(sortedPair(pair))
      isHead = !read.split
      pair = read.tail
    }
    const root = this.#list.get(sortedPair([0, 1]))?.entries[0]
    assert.ok(root?.type === 0x2e && root.name === 'littlefs', 'there is a superblock')
    this.#walk('', readPair(root.data))
    assert.deepEqual(this.#directories.sort(), this.#heads.sort(), 'the list of pairs and the tree agree')
  }

  #walk(path: string, head: Pair): void {
    this.#directories.push(sortedPair(head))
    for (let pair: Pair | null = head; pair !== null; ) {
      const read: First | undefined = this.#list.get(sortedPair(pair))
      assert.ok(read !== undefined, `the pair ${pair} is in the list of all pairs`)
      for (const { type, data, name } of read.entries) {
        const full = `${path}/${name}`
        assert.ok(!this.tree.has(full), `${full} is there once`)
        assert.ok(type === 0x11 || type === 0x22, `${full} is not being moved`)
        this.tree.set(full, type === 0x11 ? this.chain(data, full) : null)
        if (type === 0x22) this.#walk(full, readPair(data))
      }
      pair = read.split ? read.tail : null
    }
  }
}

function sortedPair(pair: Pair): string {
  return String([...pair].sort((one, other) => one - other))
}

/** The tree of an image, after checking its consistency. */
export function checkLittlefs(image: Buffer, blockSize: number, version: 1 | 2 = 2): Tree {
  const checker = version === 1 ? new FirstChecker(image, blockSize) : new Checker(image, blockSize)
  checker.check()
  return checker.tree
}
