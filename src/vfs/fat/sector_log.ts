import type { Device } from '../device.ts'

/**
 * Which sectors of a change are written first, so that one of them makes it visible:
 *
 * - `create`: an entry appears, or changes: what it leads to is written before it;
 * - `remove`: an entry disappears: what it led to is freed after it;
 * - `replace`: entries change, and what they led to is freed after them;
 * - `open`: `create` or `replace`, for a file that is created or made empty;
 * - `data`: no entry changes.
 */
export type ChangeKind = 'create' | 'remove' | 'replace' | 'open' | 'data'

/** The volume's layout, as far as the log needs it. */
export interface Layout {
  /** Whether a sector is part of a table, and not of a directory or a file. */
  isTable(sector: number): boolean
  /** Whether a sector is part of the table that is read, and not of its copy. */
  isFirstTable(sector: number): boolean
  /** Whether a sector is in a cluster that was free before the change, so that its contents are of no use. */
  wasFree(sector: number): boolean
}

interface Change {
  readonly kind: ChangeKind
  readonly layout: Layout
  /** New contents that are not on the device yet, in the order in which they were written last. */
  readonly written: Map<number, Buffer>
  /** What the device had; null where that is of no use. */
  readonly previous: Map<number, Buffer | null>
  /** The sectors that were, or may have been, written to the device. */
  readonly attempted: Set<number>
  isSyncWanted: boolean
}

/** Sectors that are kept in memory at the most, except of tables and directories: 4 MiB of 512 bytes. */
const MOST_KEPT = 8192
const TRANSFER_SIZE = 65536

/**
 * Stands between FatFs and the device. What FatFs writes during a change is kept in memory; where FatFs succeeds, it
 * goes to the device, and where the device then fails, it is set back to what it was. So a change is made as a whole, or
 * not at all.
 *
 * A device that fails may refuse to be set back, too. Then what it should have is kept here, is what FatFs reads, and is
 * written before the next change.
 */
export class SectorLog {
  readonly #device: Device
  /** What the device should have, and has not. */
  readonly #waiting: Map<number, Buffer> = new Map()
  #change: Change | null = null
  /** Why a change was made of which not all is on the device. */
  #failure: unknown = null
  #transfer: Buffer = Buffer.alloc(0)

  constructor(device: Device) {
    this.#device = device
  }

  get isChanging(): boolean {
    return this.#change !== null
  }

  /** Throws where a change has been made of which not all is on the device, or permanent. */
  checkPermanent(): void {
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) throw failure
  }

  begin(kind: ChangeKind, layout: Layout): void {
    this.#change = {
      kind,
      layout,
      written: new Map(),
      previous: new Map(),
      attempted: new Set(),
      isSyncWanted: false,
    }
  }

  /** Fills `buffer` from a sector on, with what was written last. */
  read(sector: number, buffer: Buffer): void {
    const { blockSize } = this.#device
    const count = buffer.length / blockSize
    if (this.#waiting.size === 0 && (this.#change === null || this.#change.written.size === 0)) {
      this.#device.read(sector, buffer)
      return
    }
    let start = 0
    const readBefore = (end: number): void => {
      if (end > start) this.#device.read(sector + start, buffer.subarray(start * blockSize, end * blockSize))
    }
    for (let at = 0; at < count; at++) {
      const kept = this.#kept(sector + at)
      if (kept === undefined) continue
      readBefore(at)
      buffer.set(kept, at * blockSize)
      start = at + 1
    }
    readBefore(count)
  }

  #kept(sector: number): Buffer | undefined {
    return this.#change?.written.get(sector) ?? this.#waiting.get(sector)
  }

  /** Writes whole sectors. Outside of a change they wait for the next one: reading writes nothing to the device. */
  write(sector: number, data: Buffer): void {
    const { blockSize } = this.#device
    if (this.#isOfNoUse(sector, data.length / blockSize)) {
      this.#device.write(sector, data)
      return
    }
    const into = this.#change?.written ?? this.#waiting
    const copy = Buffer.from(data)
    for (let at = 0; at < data.length; at += blockSize) {
      const number = sector + at / blockSize
      // The one that is written last comes last.
      into.delete(number)
      into.set(number, copy.subarray(at, at + blockSize))
    }
    const change = this.#change
    if (change !== null && change.written.size > MOST_KEPT) {
      const data = [...change.written.keys()].filter((number) => !change.layout.isTable(number))
      this.#store(change, data)
      for (const number of data) change.written.delete(number)
    }
  }

  /** Whether what sectors have is of no use where the change is not made: they get the data of a file that grows. */
  #isOfNoUse(sector: number, count: number): boolean {
    const change = this.#change
    if (change === null || change.kind !== 'data') return false
    for (let at = sector; at < sector + count; at++) {
      if (!change.layout.wasFree(at) || change.written.has(at)) return false
    }
    return true
  }

  /** Makes what is written permanent: in a change, at its end. */
  sync(): void {
    if (this.#change === null) {
      this.#device.sync()
      this.#failure = null
    } else this.#change.isSyncWanted = true
  }

  /** Writes what the device refused before, or was not given. */
  settle(): void {
    for (const [sector, data] of this.#waiting) {
      this.#device.write(sector, this.#transferred([data]))
      this.#waiting.delete(sector)
    }
  }

  /**
   * Ends a change: everything is on the device.
   *
   * @throws what the device throws; then nothing is
   */
  commit(): void {
    const change = this.#change
    if (change === null) return
    const { sectors, visible } = ordered(change, change.kind)
    try {
      this.#store(change, sectors)
      if (change.isSyncWanted) {
        this.#device.sync()
        // With what was done before.
        this.#failure = null
      }
      this.#change = null
    } catch (error) {
      this.#change = null
      const left = this.#undo(change)
      if (left.length === 0) throw error
      const data = visible === undefined ? undefined : change.written.get(visible)
      const isVisible =
        visible !== undefined && left.includes(visible) && data !== undefined && this.#has(visible, data)
      if (!isVisible) {
        this.#keepPrevious(change, left)
        throw error
      }
      // The device does not take it back: the change has been made. The rest of it follows later.
      for (const [sector, data] of change.written) this.#waiting.set(sector, data)
      this.#failure = error
    }
  }

  /** Ends a change of which nothing is to stay. */
  abort(): void {
    const change = this.#change
    this.#change = null
    if (change !== null) this.#keepPrevious(change, this.#undo(change))
  }

  #keepPrevious({ previous }: Change, sectors: readonly number[]): void {
    for (const sector of sectors) {
      const data = previous.get(sector)
      if (data) this.#waiting.set(sector, data)
    }
  }

  /** Writes sectors of a change to the device, neighbours together. */
  #store(change: Change, sectors: readonly number[]): void {
    const { written } = change
    // All of them first: whether a cluster was free is in the tables.
    this.#readPrevious(change, sectors)
    const most = TRANSFER_SIZE / this.#device.blockSize
    for (let at = 0; at < sectors.length; ) {
      const first = sectors[at] ?? 0
      const pieces: Buffer[] = []
      for (; pieces.length < most && sectors[at] === first + pieces.length; at++) {
        pieces.push(written.get(first + pieces.length) ?? Buffer.alloc(this.#device.blockSize))
        change.attempted.add(sectors[at] ?? 0)
      }
      this.#device.write(first, this.#transferred(pieces))
    }
  }

  /** Reads what the device has in sectors, neighbours together. */
  #readPrevious({ previous, layout }: Change, sectors: readonly number[]): void {
    const { blockSize } = this.#device
    const isRead = (sector: number | undefined): boolean =>
      sector !== undefined && !previous.has(sector) && !layout.wasFree(sector)
    for (let at = 0; at < sectors.length; at++) {
      const first = sectors[at] ?? 0
      if (previous.has(first)) continue
      if (layout.wasFree(first)) {
        previous.set(first, null)
        continue
      }
      let count = 1
      while (sectors[at + count] === first + count && isRead(first + count)) count += 1
      const data = Buffer.allocUnsafeSlow(count * blockSize)
      this.#device.read(first, data)
      for (let index = 0; index < count; index++) {
        previous.set(first + index, data.subarray(index * blockSize, (index + 1) * blockSize))
      }
      at += count - 1
    }
  }

  /** Pieces in memory that the device may keep, or detach. */
  #transferred(pieces: readonly Buffer[]): Buffer {
    const { blockSize } = this.#device
    if (this.#transfer.length === 0) this.#transfer = Buffer.allocUnsafeSlow(TRANSFER_SIZE)
    for (const [index, piece] of pieces.entries()) this.#transfer.set(piece, index * blockSize)
    return this.#transfer.subarray(0, pieces.length * blockSize)
  }

  /** Sets the device back to what it was. @returns the sectors where it fails to be */
  #undo(change: Change): number[] {
    const left: number[] = []
    for (const sector of [...change.attempted].reverse()) {
      const data = change.previous.get(sector)
      if (!data || this.#has(sector, data)) continue
      try {
        this.#device.write(sector, this.#transferred([data]))
      } catch {
        left.push(sector)
      }
    }
    if (change.isSyncWanted && change.attempted.size > 0) this.#trySync()
    return left
  }

  #trySync(): void {
    try {
      this.#device.sync()
    } catch {
      // What failed before is reported.
    }
  }

  /** Whether the device has this in a sector. */
  #has(sector: number, data: Buffer): boolean {
    const found = Buffer.alloc(data.length)
    try {
      this.#device.read(sector, found)
    } catch {
      return false
    }
    return found.equals(data)
  }
}

interface Ordered {
  readonly sectors: readonly number[]
  /** The sector that makes the change visible. */
  readonly visible: number | undefined
}

/** The sectors of a change in the order in which they are to be written. */
function ordered({ written, layout }: Pick<Change, 'written' | 'layout'>, kind: ChangeKind): Ordered {
  const firstTables: number[] = []
  const otherTables: number[] = []
  const entries: number[] = []
  for (const sector of written.keys()) {
    if (!layout.isTable(sector)) entries.push(sector)
    else if (layout.isFirstTable(sector)) firstTables.push(sector)
    else otherTables.push(sector)
  }
  const tables = [...otherTables, ...firstTables]
  const last = entries.at(-1)
  switch (kind) {
    case 'remove':
      // Of an entry in several sectors, the last one has its short name, without which it is not there.
      entries.reverse()
      return { sectors: [...entries, ...tables], visible: entries[0] }
    case 'open':
      // A file that is made empty needs one sector of a directory that is there.
      return ordered({ written, layout }, entries.length === 1 && !layout.wasFree(last ?? 0) ? 'replace' : 'create')
    case 'replace':
      return { sectors: [...entries, ...tables], visible: last }
    case 'create': {
      // Where a directory grows, the table leads to the new entry.
      if (last !== undefined && layout.wasFree(last))
        return { sectors: [...entries, ...tables], visible: firstTables.at(-1) }
      const fresh = entries.filter((sector) => layout.wasFree(sector))
      const others = entries.filter((sector) => !layout.wasFree(sector))
      return { sectors: [...fresh, ...tables, ...others], visible: last }
    }
    case 'data':
      return { sectors: [...tables, ...entries], visible: undefined }
  }
}
