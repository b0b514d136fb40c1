import { outOfRange } from '../../errors.ts'
import type { OpenMode, RawFile } from '../file.ts'
import type { Allocator } from './allocator.ts'
import { ChainWriter } from './chain_writer.ts'
import { type Chain, ChainReader } from './ctz.ts'
import { Failure } from './failure.ts'
import type { Flash } from './flash.ts'
import type { Position } from './position.ts'

/** What a file holds: bytes that are kept with its entry, or a chain of blocks. */
export type FileData = Buffer | Chain

/** What an open file needs of the volume that it is on. */
export interface FileVolume {
  readonly flash: Flash
  readonly allocator: Allocator
  /** Bytes of a file at the most. */
  readonly fileMax: number
  /** Bytes of a file that are kept with its entry at the most. */
  readonly inlineMax: number
  /** The time for files that are written to; null where none is kept. */
  now(): bigint | null
  /** Runs an operation, and throws every failure as its OSError. */
  run<T>(operation: string, path: string | undefined, writing: boolean, action: () => T, path2?: string): T
  /** Stores what a file holds with its entry. */
  save(entry: Position, data: FileData, mtime: bigint | null): void
  /** Forgets a file that has been closed. */
  closed(file: LittlefsFile): void
}

const COPY_SIZE = 4096
const ZEROS: Buffer = Buffer.alloc(COPY_SIZE)

/**
 * An open file. What is written to it goes into new blocks, and only `flush` or `close` has its entry lead there: a
 * file that is being written when the power goes is what it was before.
 */
export class LittlefsFile implements RawFile {
  readonly #volume: FileVolume
  readonly #path: string
  readonly #mode: OpenMode
  /** Where its entry is. */
  readonly entry: Position
  #data: Buffer | ChainReader
  #writer: ChainWriter | null = null
  #position = 0
  /** Whether its entry says something else than the file. */
  #dirty: boolean
  /** When it was written to last: nanoseconds since 1970; null where that is not wanted, or not known. */
  #mtime: bigint | null
  /** What has gone wrong in writing: nothing more is stored then. */
  #failure: unknown = null

  constructor(
    volume: FileVolume,
    path: string,
    mode: OpenMode,
    entry: Position,
    data: FileData,
    changed: { readonly dirty: boolean; readonly mtime: bigint | null },
  ) {
    this.#volume = volume
    this.#path = path
    this.#mode = mode
    this.entry = entry
    this.#data = Buffer.isBuffer(data) ? data : new ChainReader(volume.flash, data)
    this.#dirty = changed.dirty
    this.#mtime = changed.mtime
  }

  get #size(): number {
    return Math.max(this.#writer?.end ?? 0, this.#dataSize)
  }

  get #dataSize(): number {
    return Buffer.isBuffer(this.#data) ? this.#data.length : this.#data.chain.size
  }

  /** Whether it may have to be stored. */
  get isWritten(): boolean {
    return this.#mode.kind !== 'r' || this.#mode.plus
  }

  /** Whether storing it has failed: it holds nothing any more that could be stored. */
  get hasFailed(): boolean {
    return this.#failure !== null
  }

  read(into: Uint8Array): number {
    if (this.#writer !== null) this.#changing('read', () => this.#settle())
    return this.#volume.run('read', this.#path, false, () => {
      this.#refuseFailed()
      let done = 0
      while (done < into.length) {
        const size = this.#readPiece(this.#position, into.subarray(done))
        if (size === 0) break
        done += size
        this.#position += size
      }
      return done
    })
  }

  /** Reads what there is in one piece. */
  #readPiece(position: number, into: Uint8Array): number {
    const data = this.#data
    if (position >= this.#dataSize) return 0
    if (!Buffer.isBuffer(data)) return data.read(position, into)
    const piece = data.subarray(position, position + into.length)
    into.set(piece)
    return piece.length
  }

  write(bytes: Uint8Array): void {
    this.#changing('write', () => {
      if (this.#mode.kind === 'a') this.#position = this.#size
      if (this.#position + bytes.length > this.#volume.fileMax) throw new Failure('EFBIG')
      this.#mtime = this.#volume.now()
      this.#fill()
      this.#put(bytes)
    })
  }

  /** What is between the end and where the file is written past it is zeros. */
  #fill(): void {
    const target = this.#position
    if (target <= this.#size) return
    this.#position = this.#size
    while (this.#position < target) this.#put(ZEROS.subarray(0, Math.min(target - this.#position, COPY_SIZE)))
  }

  #put(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const end = this.#position + bytes.length
    const inline = Buffer.isBuffer(this.#data) && this.#writer === null ? this.#data : null
    if (inline !== null && Math.max(end, inline.length) <= this.#volume.inlineMax) {
      this.#data = Buffer.concat([inline], Math.max(end, inline.length))
      this.#data.set(bytes, this.#position)
    } else this.#writerHere().write(bytes)
    this.#dirty = true
    this.#position = end
  }

  #writerHere(): ChainWriter {
    if (this.#writer !== null && this.#writer.end === this.#position) return this.#writer
    this.#settle()
    const { flash, allocator } = this.#volume
    const data = this.#data
    if (!Buffer.isBuffer(data)) this.#writer = new ChainWriter(flash, allocator, data, this.#position)
    else {
      this.#writer = new ChainWriter(flash, allocator, null, 0)
      this.#writer.write(data.subarray(0, this.#position))
    }
    return this.#writer
  }

  /** Ends a run of writing: what follows it in the old contents is copied. */
  #settle(): void {
    const writer = this.#writer
    if (writer === null) return
    const piece = Buffer.allocUnsafeSlow(COPY_SIZE)
    while (writer.end < this.#dataSize) writer.write(piece.subarray(0, this.#readPiece(writer.end, piece)))
    this.#data = new ChainReader(this.#volume.flash, writer.finish())
    this.#writer = null
  }

  seek(offset: number, whence: number): number {
    const start = whence === 0 ? 0 : whence === 1 ? this.#position : this.#size
    const target = start + offset
    if (target < 0) throw outOfRange('offset', `>= ${-start} from there`, offset)
    return this.#volume.run('seek', this.#path, false, () => {
      if (target > this.#volume.fileMax) throw new Failure('EINVAL')
      this.#position = target
      return target
    })
  }

  flush(): void {
    this.#changing('flush', () => this.#store())
  }

  close(): void {
    try {
      // What has gone wrong has been said when it did.
      if (this.#failure === null && (this.#dirty || this.#writer !== null)) this.#changing('close', () => this.#store())
    } finally {
      this.#volume.closed(this)
    }
  }

  #store(): void {
    this.#settle()
    if (!this.#dirty) return
    const data = this.#data
    if (!this.entry.gone) {
      // The contents must be there before anything leads to them.
      if (!Buffer.isBuffer(data)) this.#volume.flash.sync()
      this.#volume.save(this.entry, Buffer.isBuffer(data) ? data : data.chain, this.#mtime)
    }
    this.#dirty = false
  }

  /**
   * Does what changes the file: where that fails, the file is of no use any more, and stays what it was on the disk.
   */
  #changing(operation: string, action: () => void): void {
    this.#volume.run(operation, this.#path, true, () => {
      this.#refuseFailed()
      try {
        action()
      } catch (error) {
        this.#failure = error
        throw error
      }
    })
  }

  #refuseFailed(): void {
    if (this.#failure !== null) throw this.#failure
  }

  remaining(): number {
    return Math.max(0, this.#size - this.#position)
  }

  /** Calls `visit` with the blocks of its contents. */
  visitBlocks(visit: (block: number) => void): void {
    if (!Buffer.isBuffer(this.#data)) this.#data.visit(visit)
    this.#writer?.visit(visit)
  }
}
