import { badValue, type OSError, wrongType } from '../errors.ts'
import { asOSError, deviceError, vfsError } from './errors.ts'

/** The result of a block device's method: nothing, 0 or false for success, a negative error number for failure. */
// biome-ignore lint/suspicious/noConfusingVoidType: most methods return nothing
export type BlockResult = number | boolean | null | undefined | void

/**
 * A block device, in either protocol of MicroPython: with `ioctl` (the extended one, where `readblocks` and
 * `writeblocks` take an offset too), or with `count` and perhaps `sync` (the old one, blocks of 512 bytes). Without
 * `writeblocks` it is read-only.
 *
 * An error is thrown, or returned as a negative error number.
 *
 * See MicroPython, vfs.AbstractBlockDev.
 */
export interface BlockDevice {
  /** Fills `buffer` from block `block` on: a whole number of blocks, or, with `offset`, any range of bytes. */
  readblocks(block: number, buffer: Uint8Array, offset?: number): BlockResult
  /** Writes `buffer` from block `block` on. With `offset`, the block is not erased first. */
  writeblocks?: ((block: number, buffer: Uint8Array, offset?: number) => BlockResult) | undefined
  /** One of the `BLOCKDEV_*` requests. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a device returns nothing for an unknown request
  ioctl?(op: number, arg: number): number | null | undefined | void
  /** Old protocol: makes everything written permanent. */
  sync?(): BlockResult
  /** Old protocol: the number of blocks. */
  count?(): number
}

/** Request of `ioctl`: initialize the device. */
export const BLOCKDEV_INIT = 1
/** Request of `ioctl`: shut down. */
export const BLOCKDEV_DEINIT = 2
/** Request of `ioctl`: make everything written permanent. */
export const BLOCKDEV_SYNC = 3
/** Request of `ioctl`: the number of blocks. */
export const BLOCKDEV_BLOCK_COUNT = 4
/** Request of `ioctl`: bytes per block; 512 where nothing is returned. */
export const BLOCKDEV_BLOCK_SIZE = 5
/** Request of `ioctl`: erase the block `arg`. */
export const BLOCKDEV_BLOCK_ERASE = 6

const MAX_BLOCK_COUNT = 0xffff_ffff
const NOTHING: Buffer = Buffer.alloc(0)

/** Whether a value has the method for reading of a block device. */
export function isBlockDevice(value: unknown): value is BlockDevice {
  return typeof (value as BlockDevice | null | undefined)?.readblocks === 'function'
}

/** The block sizes that FAT supports. */
export const SECTOR_SIZES: readonly number[] = [512, 1024, 2048, 4096]

/**
 * The caller's block device behind one interface for both protocols: it checks results and bounds, and turns every
 * failure into an OSError.
 */
export class Device {
  readonly #device: BlockDevice
  /** Bytes per block. */
  readonly blockSize: number
  readonly blockCount: number
  #transfers = 0

  /** @param blockSizes the allowed block sizes; any by default */
  constructor(device: unknown, blockSizes?: readonly number[]) {
    if (!isBlockDevice(device)) {
      throw wrongType('block_dev', 'a block device: an object with a "readblocks" method', device)
    }
    if (typeof device.ioctl !== 'function' && typeof device.count !== 'function') {
      throw wrongType('block_dev', 'a block device with an "ioctl" or a "count" method', device)
    }
    this.#device = device
    const ready = this.#request(BLOCKDEV_INIT)
    if (ready !== null && ready !== 0) throw ready < 0 ? deviceError(-ready, 'ioctl') : vfsError('EBUSY', 'ioctl')
    this.blockSize = this.#blockSize(blockSizes)
    this.blockCount = this.#blockCount()
  }

  get readonly(): boolean {
    return typeof this.#device.writeblocks !== 'function'
  }

  /** Whether one of the device's methods is running. */
  get busy(): boolean {
    return this.#transfers > 0
  }

  /** Whether it supports offsets and erasing. */
  get isExtended(): boolean {
    return typeof this.#device.ioctl === 'function'
  }

  /** Fills `buffer`, which is a whole number of blocks, from `block` on. */
  read(block: number, buffer: Uint8Array): void {
    this.#checkRange(block, buffer, 'readblocks')
    this.#transfer('readblocks', buffer, () => this.#device.readblocks(block, buffer))
  }

  /** Writes `buffer`, which is a whole number of blocks, from `block` on. */
  write(block: number, buffer: Uint8Array): void {
    this.#checkRange(block, buffer, 'writeblocks')
    if (this.readonly) throw vfsError('EROFS', 'writeblocks')
    this.#transfer('writeblocks', buffer, () => this.#device.writeblocks?.(block, buffer))
  }

  /** Fills `buffer` from an offset in a block. */
  readAt(block: number, offset: number, buffer: Uint8Array): void {
    this.#checkRange(block, buffer, 'readblocks', offset)
    this.#transfer('readblocks', buffer, () => this.#device.readblocks(block, buffer, offset))
  }

  /** Writes `buffer` at an offset of an erased block. */
  programAt(block: number, offset: number, buffer: Uint8Array): void {
    this.#checkRange(block, buffer, 'writeblocks', offset)
    if (this.readonly) throw vfsError('EROFS', 'writeblocks')
    this.#transfer('writeblocks', buffer, () => this.#device.writeblocks?.(block, buffer, offset))
  }

  /** Erases a block, so that it can be written with offsets. */
  erase(block: number): void {
    this.#checkRange(block, NOTHING, 'ioctl')
    if (this.readonly) throw vfsError('EROFS', 'ioctl')
    const result = this.#request(BLOCKDEV_BLOCK_ERASE, block)
    // A device that ignores this request is refused: flash memory could not be written.
    if (result === null) throw asOSError(wrongType('ioctl(6)', 'an integer', result), 'ioctl')
    if (result !== 0) throw result < 0 ? deviceError(-result, 'ioctl') : vfsError('EINVAL', 'ioctl')
  }

  sync(): void {
    if (typeof this.#device.ioctl === 'function') {
      const result = this.#request(BLOCKDEV_SYNC)
      if (result !== null && result < 0) throw deviceError(-result, 'ioctl')
    } else this.#transfer('sync', NOTHING, () => this.#device.sync?.())
  }

  #checkRange(block: number, buffer: Uint8Array, operation: string, offset = 0): void {
    const blocks = (offset + buffer.length) / this.blockSize
    if (block < 0 || block + blocks > this.blockCount) throw vfsError('EIO', operation)
  }

  #transfer(operation: string, buffer: Uint8Array, transfer: () => BlockResult): void {
    const size = buffer.length
    let result: unknown
    this.#transfers += 1
    try {
      result = transfer()
    } catch (thrown) {
      throw asOSError(thrown, operation)
    } finally {
      this.#transfers -= 1
    }
    const failure = transferFailure(result, operation)
    if (failure !== null) throw failure
    // The device has detached the buffer, for example by transferring it to another thread: the data is lost.
    if (buffer.length !== size) throw asOSError(wrongType('buffer', 'memory that is still there', buffer), operation)
  }

  /** The result of `ioctl`, or, for a device without it, of the corresponding method of the old protocol. */
  #request(op: number, arg = 0): number | null {
    let result: unknown = null
    this.#transfers += 1
    try {
      if (typeof this.#device.ioctl === 'function') result = this.#device.ioctl(op, arg)
      else if (op === BLOCKDEV_BLOCK_COUNT) result = this.#device.count?.()
    } catch (thrown) {
      throw asOSError(thrown, 'ioctl')
    } finally {
      this.#transfers -= 1
    }
    if (result === null || result === undefined || result === false) return null
    if (typeof result === 'number' && Number.isInteger(result)) return result
    throw asOSError(wrongType('ioctl()', 'an integer or null', result), 'ioctl')
  }

  #blockSize(allowed?: readonly number[]): number {
    const size = this.#request(BLOCKDEV_BLOCK_SIZE) ?? 512
    if (allowed === undefined ? size > 0 : allowed.includes(size)) return size
    if (size < 0) throw deviceError(-size, 'ioctl')
    const sizes = allowed === undefined ? '1 byte or more' : '512, 1024, 2048 or 4096 bytes'
    throw badValue('block_dev', `must have blocks of ${sizes}`, size)
  }

  #blockCount(): number {
    const count = this.#request(BLOCKDEV_BLOCK_COUNT)
    if (count === null) throw wrongType('block_dev', 'a block device that tells its number of blocks', count)
    if (count < 0) throw deviceError(-count, 'ioctl')
    // FAT uses 32-bit sector numbers.
    return Math.min(count, MAX_BLOCK_COUNT)
  }
}

function transferFailure(result: unknown, operation: string): OSError | null {
  if (result === undefined || result === null || result === 0 || result === false) return null
  if (typeof result === 'number' && Number.isInteger(result) && result < 0) return deviceError(-result, operation)
  // MicroPython also treats a positive result as an error.
  if (typeof result === 'number' || result === true) return vfsError('EINVAL', operation)
  return asOSError(wrongType(`${operation}()`, 'null, 0 or a negative error number, and no promise', result), operation)
}
