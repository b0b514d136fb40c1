import { corrupt, Failure } from '../failure.ts'
import { pairBytes, readPair, SUPERBLOCKS } from '../pair.ts'
import { type Entry, SUPERBLOCK } from './metadata.ts'
import type { MetadataStoreV1 } from './store.ts'

const MAGIC: Buffer = Buffer.from('littlefs')
const VERSION = 0x0001_0001
/** The size of: the root, the block size, the number of blocks, and the version. */
const SIZE = 20
/** Two pairs: the superblock and the root. */
const MIN_BLOCKS = 4

/** Creates an empty file system. */
export function format(store: MetadataStoreV1): void {
  const { blockSize, blockCount } = store.flash
  if (blockCount < MIN_BLOCKS) throw new Failure('ENOSPC')
  const root = store.newPair([2, 3])
  store.commit(root, [])
  const data = Buffer.alloc(SIZE)
  data.set(pairBytes([2, 3]))
  for (const [index, word] of [blockSize, blockCount, VERSION].entries()) data.writeUInt32LE(word, 8 + index * 4)
  const entry: Entry = { type: SUPERBLOCK, isMoving: false, data, attributes: Buffer.alloc(0), name: MAGIC }
  const tail = { kind: 'tail', tail: root.pair, split: false } as const
  store.commit(store.newPair(SUPERBLOCKS), [{ kind: 'insert', id: 0, entry }, tail])
  // Both blocks are written, so that no old contents of the second one are taken for a newer state.
  store.commit(store.fetch(SUPERBLOCKS), [])
}

/**
 * Finds the root.
 *
 * @throws Failure EILSEQ where there is no file system; EINVAL for one of another version or device
 */
export function mount(store: MetadataStoreV1): void {
  const [entry] = store.fetch(SUPERBLOCKS).entries
  if (entry === undefined || entry.type !== SUPERBLOCK || !entry.name.equals(MAGIC)) throw corrupt()
  const { data } = entry
  if (data.length < SIZE) throw corrupt()
  const [blockSize, blockCount, version] = [8, 12, 16].map((at) => data.readUInt32LE(at))
  const { flash } = store
  if ((version ?? 0) >>> 16 !== VERSION >>> 16 || (version ?? 0) > VERSION) throw new Failure('EINVAL')
  if (blockSize !== flash.blockSize || (blockCount ?? 0) > flash.blockCount) throw new Failure('EINVAL')
  const root = readPair(data)
  if (root === null) throw corrupt()
  store.root = root
  // The allocator starts at a different block after each mount, to spread wear.
  store.allocator.restart(store.fetch(root).revision)
}
