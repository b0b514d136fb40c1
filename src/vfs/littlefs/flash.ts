import { OSError } from '../../errors.ts'
import { errnoNumbers } from '../../libc/facts.ts'
import type { Device } from '../device.ts'
import { BadBlock, corrupt, Failure } from './failure.ts'

/** The buffer size for unaligned reads. */
const SCRATCH_SIZE = 4096

/**
 * The operations that littlefs needs of a device: to read, to erase a block, and to program an erased block in whole
 * units.
 */
export class Flash {
  readonly #device: Device
  readonly #readSize: number
  /** The size of the smallest unit that can be programmed, in bytes. */
  readonly progSize: number
  /** Whether writes are refused, because the mount is read-only. */
  readonly: boolean
  /** Counts the writes to the device, to detect changes. */
  writes = 0
  #syncFailure: unknown = null
  #scratch: Buffer = Buffer.allocUnsafeSlow(SCRATCH_SIZE)

  constructor(device: Device, readSize: number, progSize: number) {
    this.#device = device
    this.#readSize = readSize
    this.progSize = progSize
    this.readonly = device.readonly
  }

  get blockSize(): number {
    return this.#device.blockSize
  }

  get blockCount(): number {
    return this.#device.blockCount
  }

  /** Whether a method of the device is running. */
  get busy(): boolean {
    return this.#device.busy
  }

  /** Fills `buffer` from a block. */
  read(block: number, offset: number, buffer: Uint8Array): void {
    this.#check(block, offset, buffer.length)
    const start = offset - (offset % this.#readSize)
    const end = Math.ceil((offset + buffer.length) / this.#readSize) * this.#readSize
    if (start === offset && end === offset + buffer.length) {
      this.#transfer(() => this.#device.readAt(block, offset, buffer))
      return
    }
    const size = end - start
    // The device may detach the buffer that it gets.
    if (this.#scratch.length === 0) this.#scratch = Buffer.allocUnsafeSlow(SCRATCH_SIZE)
    const unit = size <= SCRATCH_SIZE ? this.#scratch.subarray(0, size) : Buffer.allocUnsafeSlow(size)
    this.#transfer(() => this.#device.readAt(block, start, unit))
    buffer.set(unit.subarray(offset - start, offset - start + buffer.length))
  }

  /** Reads an entire block. */
  readBlock(block: number): Buffer {
    const data = Buffer.allocUnsafeSlow(this.blockSize)
    this.read(block, 0, data)
    return data
  }

  /** Reads a 32-bit number. */
  readUInt32(block: number, offset: number): number {
    const word = Buffer.allocUnsafeSlow(4)
    this.read(block, offset, word)
    return word.readUInt32LE(0)
  }

  /** The number at the start of a block, whatever it holds: the revisions of a new pair continue from it. */
  oldRevision(block: number): number {
    try {
      return this.readUInt32(block, 0)
    } catch (error) {
      if (error instanceof BadBlock) return 0
      throw error
    }
  }

  /**
   * Programs whole units of an erased block, and verifies them.
   *
   * @throws BadBlock where the data read back differs
   */
  program(block: number, offset: number, data: Uint8Array): void {
    this.#check(block, offset, data.length)
    this.#refuseReadonly()
    this.writes += 1
    this.#transfer(() => this.#device.programAt(block, offset, data))
    const kept = Buffer.allocUnsafeSlow(data.length)
    this.read(block, offset, kept)
    if (kept.compare(data) !== 0) throw new BadBlock()
  }

  /** Erases a block, so that it can be programmed. */
  erase(block: number): void {
    this.#check(block, 0, 0)
    this.#refuseReadonly()
    this.writes += 1
    this.#transfer(() => this.#device.erase(block))
  }

  /** Makes all programmed data permanent. */
  sync(): void {
    if (this.readonly) return
    try {
      this.#transfer(() => this.#device.sync())
    } catch (error) {
      this.#syncFailure ??= error
      throw error
    }
  }

  /** The first failure of `sync` that no caller has been told of yet, which counts as told from now on. */
  takeSyncFailure(): unknown {
    const failure = this.#syncFailure
    this.#syncFailure = null
    return failure
  }

  /** Has a failure of `sync` be reported later. */
  keepSyncFailure(failure: unknown): void {
    this.#syncFailure ??= failure
  }

  /** Takes a failure for reported, if it is one of `sync`. */
  dropSyncFailure(failure: unknown): void {
    if (this.#syncFailure === failure) this.#syncFailure = null
  }

  /** Rounds a size up to whole units. */
  aligned(size: number): number {
    return Math.ceil(size / this.progSize) * this.progSize
  }

  #refuseReadonly(): void {
    if (this.readonly) throw new Failure('EROFS')
  }

  #check(block: number, offset: number, size: number): void {
    if (block >= this.blockCount || offset + size > this.blockSize) throw corrupt()
  }

  #transfer(transfer: () => void): void {
    try {
      transfer()
    } catch (error) {
      // EILSEQ is how a flash driver reports a bad block to littlefs (LFS_ERR_CORRUPT).
      if (error instanceof OSError && error.errno === errnoNumbers.EILSEQ) throw new BadBlock()
      throw error
    }
  }
}
