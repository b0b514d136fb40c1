import { crc32 } from '../crc.ts'
import { corrupt, Failure } from '../failure.ts'
import type { Flash } from '../flash.ts'
import { SUPERBLOCKS } from '../pair.ts'
import { structChange } from './changes.ts'
import { entryItems } from './commit.ts'
import { NO_STATE, xor } from './global_state.ts'
import type { Entry } from './metadata.ts'
import type { MetadataStore } from './store.ts'
import { CREATE, INLINE_STRUCT, makeTag, SUPERBLOCK } from './tag.ts'

const MAGIC: Buffer = Buffer.from('littlefs')
/** The version of the format: the one with forward checksums. */
const VERSION = 0x0002_0001
const SIZE = 24

/** The longest name, in bytes. */
export const NAME_MAX = 255
/** The largest file size: positions are signed in C. */
export const FILE_MAX = 0x7fff_ffff
/** The largest attribute. */
export const ATTRIBUTE_MAX = 1022

/** The limits recorded in the superblock. */
export interface Limits {
  readonly version: number
  readonly nameMax: number
  readonly fileMax: number
  readonly attributeMax: number
}

const LIMITS: Limits = { version: VERSION, nameMax: NAME_MAX, fileMax: FILE_MAX, attributeMax: ATTRIBUTE_MAX }

function bytes(flash: Flash, { version, nameMax, fileMax, attributeMax }: Limits): Buffer {
  const data = Buffer.alloc(SIZE)
  const words = [version, flash.blockSize, flash.blockCount, nameMax, fileMax, attributeMax]
  words.forEach((word, index) => {
    data.writeUInt32LE(word, index * 4)
  })
  return data
}

/** Creates an empty file system. */
export function format(store: MetadataStore): void {
  if (store.flash.blockCount < SUPERBLOCKS.length) throw new Failure('ENOSPC')
  const data = bytes(store.flash, LIMITS)
  const entry: Entry = { type: SUPERBLOCK, name: MAGIC, struct: { type: INLINE_STRUCT, data }, attributes: new Map() }
  const create = { tag: makeTag(CREATE, 0, 0), data: Buffer.alloc(0) }
  store.commit(store.newPair([1, 0]), [create, ...entryItems(entry, 0)])
  // Both blocks are written, so that no old contents of the second one are taken for a newer state.
  store.commit({ ...store.tree.fetch(SUPERBLOCKS), erased: false }, [])
  store.flash.sync()
}

/**
 * Finds the root, and reads the superblocks and the global state.
 *
 * @throws Failure EILSEQ where there is no file system; EINVAL for one of another version or device
 */
export function mount(store: MetadataStore): Limits {
  let limits: Limits | null = null
  let state = NO_STATE
  let seed = 0
  for (const metadata of store.tree.pairs()) {
    const [first] = metadata.entries
    if (first !== undefined && first.type === SUPERBLOCK && first.name.equals(MAGIC)) {
      limits = readLimits(store.flash, first)
      store.root = metadata.pair
    }
    state = xor(state, metadata.piece)
    seed = crc32(Buffer.from(String(metadata.seed)), 0, undefined, seed)
  }
  if (limits === null) throw corrupt()
  store.state.load(state)
  // The allocator starts at a different block after each mount, to spread wear.
  store.allocator.restart(seed)
  return limits
}

function readLimits(flash: Flash, { struct }: Entry): Limits {
  if (struct === null || struct.type !== INLINE_STRUCT || struct.data.length < SIZE) throw corrupt()
  const word = (index: number): number => struct.data.readUInt32LE(index * 4)
  const [version, nameMax, fileMax, attributeMax] = [word(0), word(3), word(4), word(5)]
  if (version >>> 16 !== VERSION >>> 16 || version > VERSION) throw new Failure('EINVAL')
  if (word(1) !== flash.blockSize || word(2) !== flash.blockCount) throw new Failure('EINVAL')
  if (nameMax > NAME_MAX || fileMax > FILE_MAX || attributeMax > ATTRIBUTE_MAX) throw new Failure('EINVAL')
  return {
    version,
    nameMax: nameMax || NAME_MAX,
    fileMax: fileMax || FILE_MAX,
    attributeMax: attributeMax || ATTRIBUTE_MAX,
  }
}

/** Upgrades a file system of an older version: later commits have forward checksums. */
export function upgrade(store: MetadataStore, limits: Limits): Limits {
  if (limits.version === VERSION) return limits
  const current = { ...limits, version: VERSION }
  store.commit(store.tree.fetch(store.root), [structChange(0, INLINE_STRUCT, bytes(store.flash, current))])
  return current
}
