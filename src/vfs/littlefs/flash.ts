import { OSError } from '../../errors.ts'
import { errnoNumbers } from '../../libc/facts.ts'
import type { Device } from '../device.ts'
import { BadBlock, corrupt, Failure } from './failure.ts'

/** Room for reads that are not aligned. */
const SCRATCH_SIZE = 4096

/** What littlefs asks of a device: to read, to erase a block, and to program what has been erased, in whole units. */
export class Flash {
  readonly #device: Device
  readonly #readSize: number
  /** Bytes that are programmed together at least. */
  readonly progSize: number
  /** Refuses writes, on a mount that is read-only. */
  readonly: boolean
  /** How often the device was written to: tells whether something may have changed. */
  writes = 0
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

  /** Whether the device is being asked for something just now. */
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
    // A device can detach memory that it is given.
    if (this.#scratch.length === 0) this.#scratch = Buffer.allocUnsafeSlow(SCRATCH_SIZE)
    const unit = size <= SCRATCH_SIZE ? this.#scratch.subarray(0, size) : Buffer.allocUnsafeSlow(size)
    this.#transfer(() => this.#device.readAt(block, start, unit))
    buffer.set(unit.subarray(offset - start, offset - start + buffer.length))
  }

  /** All of a block. */
  readBlock(block: number): Buffer {
    const data = Buffer.allocUnsafeSlow(this.blockSize)
    this.read(block, 0, data)
    return data
  }

  /** A number of 32 bits in a block. */
  readUInt32(block: number, offset: number): number {
    const word = Buffer.allocUnsafeSlow(4)
    this.read(block, offset, word)
    return word.readUInt32LE(0)
  }

  /** The number that happens to stand at the start of a block: the revisions of a new pair go on from it. */
  oldRevision(block: number): number {
    try {
      return this.readUInt32(block, 0)
    } catch (error) {
      if (error instanceof BadBlock) return 0
      throw error
    }
  }

  /**
   * Programs whole units of an erased block, and looks whether the block has kept them.
   *
   * @throws BadBlock where it has not
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

  /** Makes a block ready for programming. */
  erase(block: number): void {
    this.#check(block, 0, 0)
    this.#refuseReadonly()
    this.writes += 1
    this.#transfer(() => this.#device.erase(block))
  }

  /** Makes everything programmed permanent. */
  sync(): void {
    if (!this.readonly) this.#transfer(() => this.#device.sync())
  }

  /** The least number of bytes in whole units that hold `size`. */
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
      // This is how the driver of a chip tells littlefs that a block is broken.
      if (error instanceof OSError && error.errno === errnoNumbers.EILSEQ) throw new BadBlock()
      throw error
    }
  }
}
