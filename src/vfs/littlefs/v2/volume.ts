import type { OpenMode } from '../../file.ts'
import type { Chain } from '../ctz.ts'
import { corrupt, Failure } from '../failure.ts'
import type { FileData, StoredFile } from '../file.ts'
import type { Flash } from '../flash.ts'
import { type Pair, pairBytes } from '../pair.ts'
import { isBelow, lastName, newName, type Path } from '../path.ts'
import { headOf, Position } from '../position.ts'
import { type ListedEntry, type OpenedEntry, type Status, Volume } from '../volume.ts'
import { attributeChange, creation, deletion, structChange, tailChange } from './changes.ts'
import { finishMove, removeOrphans } from './consistency.ts'
import { type Entry, NO_ENTRY } from './metadata.ts'
import { MetadataStore } from './store.ts'
import { ATTRIBUTE_MAX, type Limits, mount, upgrade } from './superblock.ts'
import { CTZ_STRUCT, DIRECTORY, DIRECTORY_STRUCT, INLINE_STRUCT, REGULAR } from './tag.ts'
import { compareNames, directoryPair, type EntryLocation, isNamed } from './tree.ts'

/** The attribute in which MicroPython stores the modification time: nanoseconds since 1970, 64 bits. */
const MTIME = 1

/** A littlefs volume of version 2. */
export class Volume2 extends Volume {
  protected readonly store: MetadataStore
  readonly inlineMax: number
  #limits: Limits

  /**
   * @param lookahead the size of the allocator's window in bytes, with one bit for each block
   * @param cacheSize the maximal size of inline contents: the size of MicroPython's file cache
   */
  constructor(flash: Flash, lookahead: number, cacheSize: number, keepsTimes: boolean) {
    super(flash, keepsTimes)
    this.store = new MetadataStore(flash, lookahead, (visit) => this.visitOpen(visit))
    this.#limits = mount(this.store)
    this.inlineMax = Math.min(cacheSize, this.#limits.attributeMax, ATTRIBUTE_MAX, Math.floor(flash.blockSize / 8))
  }

  get fileMax(): number {
    return this.#limits.fileMax
  }

  protected get isSettled(): boolean {
    return this.store.state.settled
  }

  load(): void {
    this.store.generation += 1
    this.#limits = mount(this.store)
    for (const position of this.store.positions) this.#relocateEntry(position)
  }

  /** Finds the entry of an open file again, after an operation has failed midway. */
  #relocateEntry(position: Position): void {
    const { name } = position
    if (name === null || position.gone) return
    let isSameDirectory = false
    for (const metadata of this.store.tree.pairs()) {
      // A change that failed midway may have moved the entry to the next pair of its directory.
      if (!isSameDirectory && !position.isIn(metadata.pair)) continue
      for (const [id, entry] of this.store.tree.visible(metadata)) {
        if (entry.type !== REGULAR || !entry.name.equals(name)) continue
        position.pair = metadata.pair
        position.id = id
        return
      }
      isSameDirectory = metadata.split
    }
    position.gone = true
  }

  protected prepare(): void {
    finishMove(this.store)
    removeOrphans(this.store, true)
    this.#limits = upgrade(this.store, this.#limits)
  }

  /** Finds the entry of a path; null for the root, which has no entry. */
  #lookUp(path: Path): EntryLocation | null {
    let found: EntryLocation | null = null
    for (const name of path.names) found = this.store.tree.find(this.#firstPair(found), name)
    if (path.isDirectory && found?.entry !== undefined && found.entry.type !== DIRECTORY) throw new Failure('ENOTDIR')
    return found
  }

  /** The first pair of a directory, from its entry. */
  #firstPair(found: EntryLocation | null): Pair {
    if (found === null) return this.store.root
    if (found.entry === undefined) throw new Failure('ENOENT')
    if (found.entry.type !== DIRECTORY) throw new Failure('ENOTDIR')
    const pair = directoryPair(found.entry)
    if (pair === null) throw corrupt()
    return pair
  }

  #existing(path: Path): EntryLocation & { readonly entry: Entry } {
    const found = this.#lookUp(path)
    if (found === null) throw new Failure('EINVAL')
    const { entry } = found
    if (entry === undefined) throw new Failure('ENOENT')
    return { ...found, entry }
  }

  stat(path: Path): Status {
    const found = this.#lookUp(path)
    if (found === null) return { isDirectory: true, size: 0, mtime: null }
    const { entry } = found
    if (entry === undefined) throw new Failure('ENOENT')
    return { isDirectory: entry.type === DIRECTORY, size: sizeOf(entry), mtime: mtimeOf(entry) }
  }

  *list(path: Path): Generator<ListedEntry, undefined> {
    let last: Buffer | null = null
    for (;;) {
      // The entries may have moved since; the order of names determines where to continue.
      const after: Buffer | null = last
      const { generation } = this.store
      let changed = false
      for (const metadata of this.store.tree.directory(this.#firstPair(this.#lookUp(path)))) {
        for (const [, entry] of this.store.tree.visible(metadata)) {
          if (!isNamed(entry) || (after !== null && compareNames(entry.name, after) <= 0)) continue
          last = entry.name
          yield { name: entry.name, isDirectory: entry.type === DIRECTORY, size: sizeOf(entry) }
          changed = this.store.generation !== generation
          if (changed) break
        }
        if (changed) break
      }
      if (!changed) return undefined
    }
  }

  protected find(path: Path, mode: OpenMode): OpenedEntry {
    const found = this.#lookUp(path)
    if (found === null) throw new Failure('EISDIR')
    const { metadata, id, entry } = found
    if (entry === undefined) return this.#create(path, mode, found)
    if (mode.kind === 'x') throw new Failure('EEXIST')
    if (entry.type !== REGULAR) throw new Failure('EISDIR')
    const position = new Position(metadata.pair, id, entry.name)
    return { entry: position, data: dataOf(entry), mtime: mtimeOf(entry), isNew: false }
  }

  /** Creates an empty file. Its entry is written immediately, so that no other file gets its name. */
  #create(path: Path, { kind }: OpenMode, { metadata, id }: EntryLocation): OpenedEntry {
    if (kind === 'r') throw new Failure('ENOENT')
    if (path.isDirectory) throw new Failure('ENOTDIR')
    const name = this.#checkedName(path)
    const struct = { type: INLINE_STRUCT, data: Buffer.alloc(0) }
    const changes = creation(id, { ...NO_ENTRY, type: REGULAR, name, struct })
    this.store.commit(metadata, changes)
    // The commit may have split or moved the pair.
    const made = this.#existing(path)
    const entry = new Position(made.metadata.pair, made.id, name)
    return { entry, data: struct.data, mtime: null, isNew: true }
  }

  #checkedName(path: Path): Buffer {
    const name = newName(path)
    if (name.length > this.#limits.nameMax) throw new Failure('ENAMETOOLONG')
    return name
  }

  contents(entry: Position): StoredFile {
    const stored = this.store.tree.fetch(entry.pair).entries[entry.id]
    if (stored === undefined) throw corrupt()
    return { data: dataOf(stored), mtime: mtimeOf(stored) }
  }

  save(entry: Position, { data, mtime }: StoredFile): void {
    const [type, bytes] = Buffer.isBuffer(data) ? [INLINE_STRUCT, data] : [CTZ_STRUCT, chainBytes(data)]
    const changes = [structChange(entry.id, type, bytes)]
    if (mtime !== null) changes.push(attributeChange(entry.id, MTIME, mtimeBytes(mtime)))
    this.store.commit(this.store.tree.fetch(entry.pair), changes)
  }

  protected mkdir(path: Path): void {
    const { tree, state } = this.store
    const found = this.#lookUp(path)
    if (found === null || found.entry !== undefined) throw new Failure('EEXIST')
    const name = this.#checkedName(path)
    const last = tree.lastOf(found.metadata)
    const fresh = this.store.newPair()
    const head = headOf(fresh.pair)
    const place = new Position(found.metadata.pair, found.id)
    this.store.positions.tracking([head, place], () => {
      this.store.commit(fresh, [tailChange(last.tail, false)])
      const isLast = !found.metadata.split
      if (!isLast) {
        // Two commits are necessary: the new directory is in the list of pairs before its entry exists.
        state.orphans += 1
        this.store.commit(tree.fetch(last.pair), [tailChange(head.pair, false)])
        state.orphans -= 1
      }
      const struct = { type: DIRECTORY_STRUCT, data: pairBytes(head.pair) }
      const changes = creation(place.id, { ...NO_ENTRY, type: DIRECTORY, name, struct })
      if (isLast) changes.push(tailChange(head.pair, false))
      this.store.commit(tree.fetch(place.pair), changes)
    })
  }

  protected remove(path: Path): void {
    const { metadata, id, entry } = this.#existing(path)
    if (entry.type === DIRECTORY) {
      this.#unlinkDirectory(entry, () => this.store.commit(metadata, [deletion(id)]))
    } else this.store.commit(metadata, [deletion(id)])
  }

  /** Removes an empty directory from the list of pairs, after `action` has removed its entry. */
  #unlinkDirectory(entry: Entry, action: () => void): void {
    const { tree, state } = this.store
    const pair = directoryPair(entry)
    if (pair === null) throw corrupt()
    const { entries, split } = tree.fetch(pair)
    if (entries.length > 0 || split) throw new Failure('ENOTEMPTY')
    const head = headOf(pair)
    state.orphans += 1
    this.store.positions.tracking([head], () => {
      action()
      state.orphans -= 1
      const predecessor = tree.predecessor(head.pair)
      if (predecessor === null) throw corrupt()
      const removed = tree.fetch(head.pair)
      state.inherit(removed.piece)
      this.store.commit(predecessor, [tailChange(removed.tail, removed.split)])
    })
  }

  protected place(path: Path): { pair: Pair; id: number } | null {
    const found = this.#lookUp(path)
    return found?.entry === undefined ? null : { pair: found.metadata.pair, id: found.id }
  }

  protected rename(from: Path, to: Path): void {
    const old = this.#existing(from)
    const target = this.#lookUp(to)
    if (target === null || isBelow(to.names, from.names)) throw new Failure('EINVAL')
    const isSamePair = target.metadata.pair[0] === old.metadata.pair[0]
    if (target.entry === undefined) {
      if (to.isDirectory && old.entry.type !== DIRECTORY) throw new Failure('ENOTDIR')
      this.#checkedName(to)
      this.#move(old, target, to)
    } else {
      if (target.entry.type !== old.entry.type) {
        throw new Failure(target.entry.type === DIRECTORY ? 'EISDIR' : 'ENOTDIR')
      }
      if (isSamePair && target.id === old.id) return
      if (target.entry.type === DIRECTORY) this.#unlinkDirectory(target.entry, () => this.#move(old, target, to))
      else this.#move(old, target, to)
    }
  }

  /** Creates an entry under the new name, and deletes the old one. */
  #move(old: EntryLocation & { readonly entry: Entry }, target: EntryLocation, to: Path): void {
    const { state, tree } = this.store
    const isSamePair = target.metadata.pair[0] === old.metadata.pair[0]
    const changes = creation(target.id, { ...old.entry, name: lastName(to) })
    if (target.entry !== undefined) changes.unshift(deletion(target.id))
    if (isSamePair) {
      const moved = target.entry === undefined && target.id <= old.id
      this.store.commit(target.metadata, [...changes, deletion(moved ? old.id + 1 : old.id)])
      return
    }
    const source = new Position(old.metadata.pair, old.id, old.entry.name)
    state.move = { pair: old.metadata.pair, id: old.id }
    this.store.positions.tracking([source], () => {
      this.store.commit(target.metadata, changes)
      // Where pairs had to move, the deletion may already have been committed.
      if (state.move === null) return
      state.move = null
      this.store.commit(tree.fetch(source.pair), [deletion(source.id)])
    })
  }

  protected follow(open: readonly Position[], to: Path): void {
    const { metadata, id } = this.#existing(to)
    for (const position of open) {
      position.pair = metadata.pair
      position.id = id
      position.name = lastName(to)
      position.gone = false
    }
  }
}

function sizeOf({ type, struct }: Entry): number {
  if (type !== REGULAR || struct === null) return 0
  return struct.type === CTZ_STRUCT && struct.data.length >= 8 ? struct.data.readUInt32LE(4) : struct.data.length
}

function dataOf({ struct }: Entry): FileData {
  if (struct?.type === INLINE_STRUCT) return Buffer.from(struct.data)
  if (struct?.type !== CTZ_STRUCT || struct.data.length < 8) throw corrupt()
  return { head: struct.data.readUInt32LE(0), size: struct.data.readUInt32LE(4) }
}

function chainBytes({ head, size }: Chain): Buffer {
  const data = Buffer.alloc(8)
  data.writeUInt32LE(head, 0)
  data.writeUInt32LE(size, 4)
  return data
}

function mtimeOf({ attributes }: Entry): bigint | null {
  const data = attributes.get(MTIME)
  return data?.length === 8 ? data.readBigUInt64LE(0) : null
}

function mtimeBytes(mtime: bigint): Buffer {
  const data = Buffer.alloc(8)
  data.writeBigUInt64LE(mtime)
  return data
}
