import type { OpenMode } from '../../file.ts'
import { corrupt, Failure } from '../failure.ts'
import type { FileData, StoredFile } from '../file.ts'
import type { Flash } from '../flash.ts'
import { NO_BLOCK, type Pair, pairBytes } from '../pair.ts'
import { isBelow, lastName, newName, type Path } from '../path.ts'
import { headOf, Position } from '../position.ts'
import { FILE_MAX, NAME_MAX } from '../v2/superblock.ts'
import { type ListedEntry, type OpenedEntry, type Status, Volume } from '../volume.ts'
import { repair } from './consistency.ts'
import { type Change, directoryPair, type Entry, entrySize, FILE, FOLDER, type MetadataPairV1 } from './metadata.ts'
import { chainOf, type EntryLocation, isEmptyFile, MetadataStoreV1 } from './store.ts'
import { mount } from './superblock.ts'

const NOTHING: Buffer = Buffer.alloc(0)
/** The size of a pair without its entries, in bytes. */
const PAIR_OVERHEAD = 20

/** A littlefs volume of version 1. */
export class Volume1 extends Volume {
  protected readonly store: MetadataStoreV1
  readonly inlineMax = 0
  readonly fileMax: number = FILE_MAX
  /** Whether the volume has been checked for operations that a power loss interrupted. */
  #isChecked = false

  /** @param lookahead the size of the allocator's window in bytes, with one bit for each block */
  constructor(flash: Flash, lookahead: number) {
    super(flash, false)
    this.store = new MetadataStoreV1(flash, lookahead, (visit) => this.visitOpen(visit))
    mount(this.store)
  }

  protected get isSettled(): boolean {
    return true
  }

  load(): void {
    this.#isChecked = false
    this.store.generation += 1
    mount(this.store)
    for (const position of this.store.positions) this.#relocateEntry(position)
  }

  /** Finds the entry of an open file again, after an operation has failed midway. */
  #relocateEntry(position: Position): void {
    const { name } = position
    if (name === null || position.gone) return
    let isSameDirectory = false
    for (const metadata of this.store.pairs()) {
      // A change that failed midway may have moved the entry to the next pair of its directory.
      if (!isSameDirectory && !position.isIn(metadata.pair)) continue
      for (const [id, entry] of this.store.visible(metadata)) {
        if (entry.type !== FILE || !entry.name.equals(name)) continue
        position.pair = metadata.pair
        position.id = id
        return
      }
      isSameDirectory = metadata.split
    }
    position.gone = true
  }

  protected prepare(): void {
    if (this.#isChecked) return
    repair(this.store)
    this.#isChecked = true
  }

  /** The directory that contains, or would contain, the last name of a path. */
  #parentDirectory(path: Path): Pair {
    let pair = this.store.root
    for (const name of path.names.slice(0, -1)) {
      const found = this.store.find(pair, name)
      if (found === null) throw new Failure('ENOENT')
      pair = inside(found.entry)
    }
    return pair
  }

  /** Finds the entry of a path: null where there is none. The root has no entry. */
  #lookUp(path: Path): EntryLocation | null {
    const found = this.store.find(this.#parentDirectory(path), lastName(path))
    if (path.isDirectory && found !== null && found.entry.type !== FOLDER) throw new Failure('ENOTDIR')
    return found
  }

  #existing(path: Path): EntryLocation {
    const found = this.#lookUp(path)
    if (found === null) throw new Failure('ENOENT')
    return found
  }

  stat(path: Path): Status {
    if (path.names.length === 0) return { isDirectory: true, size: 0, mtime: null }
    const { entry } = this.#existing(path)
    return { isDirectory: entry.type === FOLDER, size: sizeOf(entry), mtime: null }
  }

  *list(path: Path): Generator<ListedEntry, undefined> {
    const shown = new Set<string>()
    for (;;) {
      const { generation } = this.store
      let isChanged = false
      const head = path.names.length === 0 ? this.store.root : inside(this.#existing(path).entry)
      for (const metadata of this.store.directory(head)) {
        for (const [, entry] of this.store.visible(metadata)) {
          const key = entry.name.toString('latin1')
          if (shown.has(key)) continue
          shown.add(key)
          yield { name: entry.name, isDirectory: entry.type === FOLDER, size: sizeOf(entry) }
          isChanged = this.store.generation !== generation
          if (isChanged) break
        }
        if (isChanged) break
      }
      if (!isChanged) return undefined
    }
  }

  protected find(path: Path, { kind }: OpenMode): OpenedEntry {
    if (path.names.length === 0) throw new Failure('EISDIR')
    const found = this.#lookUp(path)
    if (found === null) {
      if (kind === 'r') throw new Failure('ENOENT')
      if (path.isDirectory) throw new Failure('ENOTDIR')
      this.#insert(this.#parentDirectory(path), this.#newEntry(path, FILE, chainBytes(NOTHING)))
      const { metadata, id, entry } = this.#existing(path)
      return { entry: new Position(metadata.pair, id, entry.name), data: NOTHING, mtime: null, isNew: true }
    }
    const { metadata, id, entry } = found
    if (kind === 'x') throw new Failure('EEXIST')
    if (entry.type !== FILE) throw new Failure('EISDIR')
    return { entry: new Position(metadata.pair, id, entry.name), data: dataOf(entry), mtime: null, isNew: false }
  }

  #newEntry(path: Path, type: number, data: Buffer): Entry {
    return this.#checked({ type, isMoving: false, data, attributes: NOTHING, name: newName(path) })
  }

  #checked(entry: Entry): Entry {
    const isTooLong = entry.name.length > NAME_MAX || entrySize(entry) + PAIR_OVERHEAD > this.flash.blockSize
    if (isTooLong) throw new Failure('ENAMETOOLONG')
    return entry
  }

  /** Inserts an entry into a directory. */
  #insert(directory: Pair, entry: Entry): void {
    let last: MetadataPairV1 | undefined
    for (const metadata of this.store.directory(directory)) {
      const change: Change = { kind: 'insert', id: metadata.entries.length, entry }
      if (this.store.hasRoom(metadata, [change])) {
        this.store.commit(metadata, [change])
        return
      }
      last = metadata
    }
    if (last === undefined) throw corrupt()
    this.#appendPair(last, entry, last.tail)
  }

  /** Appends a pair with an entry to a directory. */
  #appendPair(last: MetadataPairV1, entry: Entry, tail: Pair | null): void {
    const store = this.store
    const fresh = store.newPair()
    const [head, end] = [headOf(fresh.pair), headOf(last.pair)]
    store.positions.tracking([head, end], () => {
      store.commit(fresh, [
        { kind: 'insert', id: 0, entry },
        { kind: 'tail', tail, split: false },
      ])
      store.commit(store.fetch(end.pair), [{ kind: 'tail', tail: head.pair, split: true }])
    })
  }

  #entryOf({ id, pair }: Position): EntryLocation {
    const metadata = this.store.fetch(pair)
    const entry = metadata.entries[id]
    if (entry === undefined) throw corrupt()
    return { metadata, id, entry }
  }

  contents(position: Position): StoredFile {
    return { data: dataOf(this.#entryOf(position).entry), mtime: null }
  }

  save(position: Position, { data }: StoredFile): void {
    const { metadata, id, entry } = this.#entryOf(position)
    const bytes = Buffer.concat([chainBytes(data), entry.data.subarray(8)])
    this.store.commit(metadata, [{ kind: 'replace', id, entry: { ...entry, data: bytes } }])
  }

  protected mkdir(path: Path): void {
    const store = this.store
    if (path.names.length === 0 || this.#lookUp(path) !== null) throw new Failure('EEXIST')
    this.#newEntry(path, FOLDER, Buffer.alloc(8))
    const last = store.lastOf(store.fetch(this.#parentDirectory(path)))
    const fresh = store.newPair()
    const [head, end] = [headOf(fresh.pair), headOf(last.pair)]
    store.positions.tracking([head, end], () => {
      store.commit(fresh, [{ kind: 'tail', tail: last.tail, split: false }])
      const parent = store.fetch(end.pair)
      const entry = this.#newEntry(path, FOLDER, pairBytes(head.pair))
      // One commit inserts it into the tree and into the list of all pairs.
      const changes: Change[] = [
        { kind: 'insert', id: parent.entries.length, entry },
        { kind: 'tail', tail: head.pair, split: false },
      ]
      if (store.hasRoom(parent, changes)) store.commit(parent, changes)
      else this.#appendPair(parent, entry, head.pair)
    })
  }

  protected remove(path: Path): void {
    if (path.names.length === 0) throw new Failure('EINVAL')
    const { metadata, id, entry } = this.#existing(path)
    const removed = entry.type === FOLDER ? this.#emptyDirectory(entry) : null
    this.#unlinkDirectory(removed, () => this.#removeEntry(metadata, id))
  }

  /** The first pair of an empty directory. */
  #emptyDirectory(entry: Entry): Pair {
    const pair = inside(entry)
    const { entries, split } = this.store.fetch(pair)
    if (entries.length > 0 || split) throw new Failure('ENOTEMPTY')
    return pair
  }

  /** Removes a directory from the list of all pairs, after `action` has removed its entry. */
  #unlinkDirectory(directory: Pair | null, action: () => void): void {
    if (directory === null) {
      action()
      return
    }
    const store = this.store
    const head = headOf(directory)
    store.positions.tracking([head], () => {
      action()
      const predecessor = store.predecessor(head.pair)
      if (predecessor === null) throw corrupt()
      store.commit(predecessor, [{ kind: 'tail', tail: store.fetch(head.pair).tail, split: predecessor.split }])
    })
  }

  /** Removes an entry, and also its pair where that becomes empty and the directory has other pairs. */
  #removeEntry(metadata: MetadataPairV1, id: number): void {
    const predecessor = metadata.entries.length === 1 ? this.store.predecessor(metadata.pair) : null
    if (predecessor?.split !== true) {
      this.store.commit(metadata, [{ kind: 'remove', id }])
      return
    }
    const { tail, split } = metadata
    this.store.commit(predecessor, [{ kind: 'tail', tail, split }])
    for (const position of this.store.positions.in(metadata.pair)) if (position.name !== null) position.gone = true
  }

  protected place(path: Path): { pair: Pair; id: number } | null {
    const found = path.names.length === 0 ? null : this.#lookUp(path)
    return found === null ? null : { pair: found.metadata.pair, id: found.id }
  }

  protected follow(open: readonly Position[], to: Path): void {
    const { metadata, id, entry } = this.#existing(to)
    for (const position of open) Object.assign(position, { pair: metadata.pair, id, name: entry.name, gone: false })
  }

  protected rename(from: Path, to: Path): void {
    if (from.names.length === 0) throw new Failure('EINVAL')
    const old = this.#existing(from)
    if (to.names.length === 0) throw new Failure('EINVAL')
    const target = this.#lookUp(to)
    if (isBelow(to.names, from.names)) throw new Failure('EINVAL')
    if (target === null && to.isDirectory && old.entry.type !== FOLDER) throw new Failure('ENOTDIR')
    if (target !== null && target.entry.type !== old.entry.type) {
      throw new Failure(target.entry.type === FOLDER ? 'EISDIR' : 'ENOTDIR')
    }
    if (target !== null && target.metadata.pair[0] === old.metadata.pair[0] && target.id === old.id) return
    const renamed = this.#checked({ ...old.entry, isMoving: false, name: newName(to) })
    const replaced = target?.entry.type === FOLDER ? this.#emptyDirectory(target.entry) : null
    this.#unlinkDirectory(replaced, () => this.#move(old, target, renamed, to))
  }

  /** Moves an entry to another name: with one commit where both names are in one pair. */
  #move(old: EntryLocation, target: EntryLocation | null, entry: Entry, to: Path): void {
    const store = this.store
    const isSamePair = target === null || target.metadata.pair[0] === old.metadata.pair[0]
    const changes = isSamePair ? changesWithin(old, target, entry) : null
    const isSameDirectory = target !== null || this.#contains(this.#parentDirectory(to), old.metadata)
    if (changes !== null && isSameDirectory && store.hasRoom(old.metadata, changes)) {
      store.commit(old.metadata, changes)
      return
    }
    const isEmpty = isEmptyFile(entry.type, entry.data)
    const data = isEmpty ? Buffer.concat([store.emptyFile(), entry.data.subarray(8)]) : entry.data
    const moved = { ...entry, data }
    const source = new Position(old.metadata.pair, old.id, old.entry.name)
    const place = new Position(target?.metadata.pair ?? old.metadata.pair, target?.id ?? 0)
    store.positions.tracking([source, place], () => {
      store.commit(old.metadata, [{ kind: 'replace', id: old.id, entry: { ...old.entry, data, isMoving: true } }])
      if (target === null) this.#insert(this.#parentDirectory(to), moved)
      else {
        const { id } = place
        const replacing: Change[] = [
          { kind: 'remove', id },
          { kind: 'insert', id, entry: moved },
        ]
        store.commit(store.fetch(place.pair), replacing)
      }
      this.#removeEntry(store.fetch(source.pair), source.id)
    })
  }

  #contains(directory: Pair, { pair }: MetadataPairV1): boolean {
    for (const metadata of this.store.directory(directory)) if (metadata.pair[0] === pair[0]) return true
    return false
  }
}

/** The changes of a rename within one pair. */
function changesWithin(old: EntryLocation, target: EntryLocation | null, entry: Entry): Change[] {
  const { id } = old
  if (target === null) {
    return [
      { kind: 'remove', id },
      { kind: 'insert', id, entry },
    ]
  }
  return [
    { kind: 'remove', id: target.id },
    { kind: 'insert', id: target.id, entry },
    { kind: 'remove', id },
  ]
}

function inside(entry: Entry): Pair {
  if (entry.type !== FOLDER) throw new Failure('ENOTDIR')
  const pair = directoryPair(entry)
  if (pair === null) throw corrupt()
  return pair
}

function sizeOf(entry: Entry): number {
  return entry.type === FILE && entry.data.length >= 8 ? chainOf(entry).size : 0
}

function dataOf(entry: Entry): FileData {
  if (entry.data.length < 8) throw corrupt()
  return chainOf(entry).size === 0 ? NOTHING : chainOf(entry)
}

function chainBytes(data: FileData): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(Buffer.isBuffer(data) ? NO_BLOCK : data.head, 0)
  bytes.writeUInt32LE(Buffer.isBuffer(data) ? 0 : data.size, 4)
  return bytes
}
