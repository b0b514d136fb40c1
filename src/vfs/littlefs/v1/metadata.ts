import { CRC_START, crc32 } from '../crc.ts'
import { Failure } from '../failure.ts'
import { type Pair, pairBytes, readPair } from '../pair.ts'
import type { PairLinks } from '../pair_reader.ts'

/** Metadata of version 1: every commit rewrites the pair, into the older of its blocks. */

/** Types of entries: the upper four bits give the kind of the data. */
export const FILE = 0x11
export const FOLDER = 0x22
export const SUPERBLOCK = 0x2e
const POINTER_KIND = 0x70
const FOLDER_KIND = 0x20
/** Marks an entry that is being moved: if another entry has the same data, this one is obsolete. */
const MOVING = 0x80

const HEADER_SIZE = 16
const CHECKSUM_SIZE = 4
const ENTRY_HEADER_SIZE = 4
/** A flag in the size: the directory continues in the next pair. */
const SPLIT = 0x8000_0000

/** A file or directory. */
export interface Entry {
  readonly type: number
  readonly isMoving: boolean
  /** The location of its contents: the last block and the size of a file; the pair of a directory. */
  readonly data: Buffer
  /** Attributes of other programs, which are preserved. */
  readonly attributes: Buffer
  readonly name: Buffer
}

/** The newest state of a pair. */
export interface MetadataPairV1 extends PairLinks {
  readonly revision: number
  readonly entries: readonly Entry[]
}

export type PairContentsV1 = Pick<MetadataPairV1, 'entries' | 'tail' | 'split'>

/**
 * The first pair of a directory; null where the entry is not a directory. The superblock refers to the root in the same
 * way.
 */
export function directoryPair({ type, data }: Entry): Pair | null {
  return (type & POINTER_KIND) === FOLDER_KIND && data.length >= 8 ? readPair(data) : null
}

/** The size of an entry, in bytes. */
export function entrySize({ data, attributes, name }: Entry): number {
  return ENTRY_HEADER_SIZE + data.length + attributes.length + name.length
}

/** The size of a pair's contents, in bytes. */
export function contentsSize(entries: readonly Entry[]): number {
  return entries.reduce((size, entry) => size + entrySize(entry), HEADER_SIZE + CHECKSUM_SIZE)
}

/** Decodes a block; null where its checksum is wrong. */
export function decodeBlock(block: Buffer, pair: Pair): MetadataPairV1 | null {
  const size = block.readUInt32LE(4)
  const length = size & ~SPLIT
  if (length < HEADER_SIZE + CHECKSUM_SIZE || length > block.length) return null
  const end = length - CHECKSUM_SIZE
  if (crc32(block, 0, end, CRC_START) !== block.readUInt32LE(end)) return null
  const revision = block.readUInt32LE(0)
  return { pair, revision, tail: readPair(block, 8), split: size >= SPLIT, entries: readEntries(block, end) }
}

function readEntries(block: Buffer, end: number): Entry[] {
  const entries: Entry[] = []
  for (let at = HEADER_SIZE; at + ENTRY_HEADER_SIZE <= end; ) {
    const [type = 0, dataSize = 0, attributesSize = 0, nameSize = 0] = block.subarray(at, at + ENTRY_HEADER_SIZE)
    const data = at + ENTRY_HEADER_SIZE
    const attributes = data + dataSize
    const name = attributes + attributesSize
    at = name + nameSize
    if (at > end) break
    entries.push({
      type: type & ~MOVING,
      isMoving: (type & MOVING) !== 0,
      data: block.subarray(data, attributes),
      attributes: block.subarray(attributes, name),
      name: block.subarray(name, at),
    })
  }
  return entries
}

/**
 * Encodes a block.
 *
 * @throws Failure ENOSPC where the contents are too large
 */
export function encodeBlock(contents: PairContentsV1, revision: number, blockSize: number): Buffer {
  const { entries, tail, split } = contents
  const size = contentsSize(entries)
  if (size > blockSize) throw new Failure('ENOSPC')
  const header = Buffer.alloc(8)
  header.writeUInt32LE(revision >>> 0, 0)
  header.writeUInt32LE((size | (split ? SPLIT : 0)) >>> 0, 4)
  const bytes = Buffer.concat([header, pairBytes(tail), ...entries.flatMap(entryBytes)])
  const checksum = Buffer.alloc(CHECKSUM_SIZE)
  checksum.writeUInt32LE(crc32(bytes))
  return Buffer.concat([bytes, checksum])
}

function entryBytes({ type, isMoving, data, attributes, name }: Entry): Buffer[] {
  const header = Buffer.from([type | (isMoving ? MOVING : 0), data.length, attributes.length, name.length])
  return [header, data, attributes, name]
}

/** A change of a pair's contents. Changes are applied one after the other. */
export type Change =
  | { readonly kind: 'insert' | 'replace'; readonly id: number; readonly entry: Entry }
  | { readonly kind: 'remove'; readonly id: number }
  | { readonly kind: 'tail'; readonly tail: Pair | null; readonly split: boolean }

export function changed(contents: PairContentsV1, changes: readonly Change[]): PairContentsV1 {
  const entries = [...contents.entries]
  let { tail, split } = contents
  for (const change of changes) {
    if (change.kind === 'tail') ({ tail, split } = change)
    else if (change.kind === 'remove') entries.splice(change.id, 1)
    else entries.splice(change.id, change.kind === 'insert' ? 0 : 1, change.entry)
  }
  return { entries, tail, split }
}
