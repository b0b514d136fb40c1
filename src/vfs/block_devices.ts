import { wrongType } from '../errors.ts'
import { constants } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import type { Descriptor } from '../os/arguments/descriptors.ts'
import { bool, int } from '../os/arguments/numbers.ts'
import { checkOptions, NO_OPTIONS } from '../os/arguments/options.ts'
import { fileNameOrFd, type Path } from '../os/arguments/paths.ts'
import { close, open } from '../os/descriptors/open_close.ts'
import { fsync, lseek } from '../os/descriptors/ranges.ts'
import { pwrite } from '../os/descriptors/read_write.ts'
import { preadv } from '../os/descriptors/vectors.ts'
import {
  BLOCKDEV_BLOCK_COUNT,
  BLOCKDEV_BLOCK_ERASE,
  BLOCKDEV_BLOCK_SIZE,
  BLOCKDEV_DEINIT,
  BLOCKDEV_INIT,
  BLOCKDEV_SYNC,
  type BlockDevice,
  Device,
  SECTOR_SIZES,
} from './device.ts'
import { vfsError } from './errors.ts'

const { SEEK_CUR, SEEK_END, SEEK_SET } = constants
const MAX_BLOCKS = 0xffff_ffff

/** The base of the block devices of this module: checks requests, and computes where a transfer starts. */
abstract class StorageBlockDev implements BlockDevice {
  /** Bytes per block. */
  readonly block_size: number
  /** The number of blocks. */
  readonly block_count: number

  constructor(blockSize: unknown, count: number) {
    this.block_size = int(blockSize, 'block_size', 1, 65536)
    this.block_count = count
  }

  /**
   * Reads from the device.
   *
   * @param block the first block
   * @param buffer is filled completely
   * @param offset bytes into the block
   * @throws OSError EINVAL for a range outside the device; EIO and other errors of the storage
   */
  readblocks(block: number, buffer: Uint8Array, offset = 0): void {
    this.readBytes(this.#position(block, buffer, offset), buffer)
  }

  /**
   * One of the requests BLOCKDEV_*: sync, count, size; the others have no effect.
   *
   * @param op the request
   * @param _arg not used: no block has to be erased before it is written
   * @returns the result, 0 for a request that has none, null for an unknown request
   */
  ioctl(op: number, _arg = 0): number | null {
    if (op === BLOCKDEV_BLOCK_COUNT) return this.block_count
    if (op === BLOCKDEV_BLOCK_SIZE) return this.block_size
    if (op === BLOCKDEV_SYNC) this.sync()
    return op === BLOCKDEV_SYNC || op === BLOCKDEV_INIT || op === BLOCKDEV_DEINIT || op === BLOCKDEV_BLOCK_ERASE
      ? 0
      : null
  }

  /** Makes everything written permanent. */
  abstract sync(): void

  protected abstract readBytes(position: number, buffer: Uint8Array): void

  protected writeAt(
    block: number,
    buffer: Uint8Array,
    offset: number,
    write: (position: number, buffer: Uint8Array) => void,
  ): void {
    write(this.#position(block, buffer, offset), buffer)
  }

  #position(block: number, buffer: unknown, offset: number): number {
    if (!(buffer instanceof Uint8Array)) throw wrongType('buffer', 'a Uint8Array', buffer)
    const position = int(block, 'block', 0, MAX_BLOCKS) * this.block_size + int(offset, 'offset', 0)
    if (position + buffer.length > this.block_count * this.block_size) throw vfsError('EINVAL', 'block device')
    return position
  }
}

/**
 * A block device in memory.
 *
 * `new RamBlockDev(512, 2048)` is empty and holds 1 MiB; `new RamBlockDev(512, image)` works on the bytes of an image.
 * @example
 * ```ts
 * const card = new vfs.RamBlockDev(512, 2048)
 * card.data.length // => 1024 * 1024
 * vfs.VfsFat.mkfs(card)
 * new vfs.VfsFat(card).statvfs()[0] > 0 // => true
 * ```
 */
export class RamBlockDev extends StorageBlockDev {
  /** The contents of the device itself, not a copy. */
  readonly data: Uint8Array

  /**
   * @param block_size bytes per block
   * @param blocks the number of blocks, or the contents: an incomplete block at the end is not used
   */
  constructor(block_size: number, blocks: number | Uint8Array) {
    const size = int(block_size, 'block_size', 1, 65536)
    const data = blocks instanceof Uint8Array ? blocks : Buffer.alloc(size * int(blocks, 'blocks', 1, MAX_BLOCKS))
    super(size, Math.floor(data.length / size))
    this.data = data
  }

  protected override readBytes(position: number, buffer: Uint8Array): void {
    buffer.set(this.#whole().subarray(position, position + buffer.length))
  }

  /**
   * Writes to the device.
   *
   * @param block the first block
   * @param buffer the bytes to write
   * @param offset bytes into the block
   * @throws OSError EINVAL for a range outside the device
   */
  writeblocks(block: number, buffer: Uint8Array, offset = 0): void {
    this.writeAt(block, buffer, offset, (position, bytes) => this.#whole().set(bytes, position))
  }

  /** The contents. Throws where their memory has been detached or truncated. */
  #whole(): Uint8Array {
    if (this.data.length < this.block_count * this.block_size) throw vfsError('EIO', 'block device')
    return this.data
  }

  override sync(): void {}
}

export interface FileBlockDevOptions {
  /** Bytes per block; 512 by default. */
  readonly block_size?: number | undefined
  /** true: the file is opened for reading only, and the device has no `writeblocks`. */
  readonly readonly?: boolean | undefined
}

/**
 * A block device on an image file, or on a device of the host such as /dev/sdb1. Nothing is cached: data is written to
 * the file immediately, and `sync` waits until it is on the disk.
 *
 * It holds a descriptor, so close it after the file system on it is unmounted.
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs'
 * writeFileSync('card.img', Buffer.alloc(1024 * 1024))
 * using card = new vfs.FileBlockDev('card.img')
 * vfs.VfsFat.mkfs(card, { label: 'CAMERA' })
 * new vfs.VfsFat(card).label // => 'CAMERA'
 * ```
 */
export class FileBlockDev extends StorageBlockDev {
  #fd: number
  readonly #owned: boolean
  /** As `BlockDevice.writeblocks`; undefined where the device is read-only, as in MicroPython's protocol. */
  readonly writeblocks: ((block: number, buffer: Uint8Array, offset?: number) => void) | undefined

  /**
   * @param file path of the image or device, or an open descriptor, which the caller has to close
   * @param options `block_size`; `readonly`
   * @throws OSError as for opening the file; EINVAL for a file smaller than one block
   */
  constructor(file: Path | Descriptor, options: FileBlockDevOptions = NO_OPTIONS) {
    const checked = checkOptions(options, ['block_size', 'readonly'])
    const blockSize = int(checked.block_size ?? 512, 'block_size', 1, 65536)
    const readonly = bool(checked.readonly, 'readonly', false)
    const { fd, owned } = openStorage(file, readonly)
    let count = 0
    try {
      count = Math.floor(sizeOf(fd) / blockSize)
      if (count === 0) throw vfsError('EINVAL', 'FileBlockDev')
    } catch (error) {
      if (owned) close(fd)
      throw error
    }
    super(blockSize, Math.min(count, MAX_BLOCKS))
    this.#fd = fd
    this.#owned = owned
    this.writeblocks = readonly
      ? undefined
      : (block, buffer, offset = 0) => this.writeAt(block, buffer, offset, (at, bytes) => this.#write(at, bytes))
    if (owned) forgotten.register(this, fd, this)
  }

  protected override readBytes(position: number, buffer: Uint8Array): void {
    for (let done = 0; done < buffer.length; ) {
      const size = preadv(this.#open(), [buffer.subarray(done)], position + done)
      // The file has been truncated.
      if (size === 0) throw vfsError('EIO', 'read')
      done += size
    }
  }

  #write(position: number, buffer: Uint8Array): void {
    for (let done = 0; done < buffer.length; ) done += pwrite(this.#open(), buffer.subarray(done), position + done)
  }

  override sync(): void {
    if (this.writeblocks !== undefined) fsync(this.#open())
  }

  #open(): number {
    if (this.#fd === -1) throw vfsError('EBADF', 'FileBlockDev')
    return this.#fd
  }

  /** Closes the file; closing it twice is not an error. */
  close(): void {
    const fd = this.#fd
    this.#fd = -1
    forgotten.unregister(this)
    if (fd !== -1 && this.#owned) close(fd)
  }

  /** `close()`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }
}

const forgotten: FinalizationRegistry<number> = new FinalizationRegistry((fd) => {
  // libc.close does not throw: an exception in a finalizer would end the process.
  libc.close(fd)
  process.emitWarning('unclosed FileBlockDev', 'ResourceWarning')
})

function openStorage(file: Path | Descriptor, readonly: boolean): { fd: number; owned: boolean } {
  const place = fileNameOrFd(file, 'file')
  if (typeof place === 'number') return { fd: place, owned: false }
  return { fd: open(place, readonly ? constants.O_RDONLY : constants.O_RDWR), owned: true }
}

/** The size in bytes of a file, or of a block device, for which fstat reports 0: its size is the offset of its end. */
function sizeOf(fd: number): number {
  const position = lseek(fd, 0, SEEK_CUR)
  const end = lseek(fd, 0, SEEK_END)
  lseek(fd, position, SEEK_SET)
  return end
}

const PARTITION_TABLE = 446
const ENTRY_SIZE = 16

/**
 * A block device for one partition of a device with a master boot record. It is read-only by default.
 * @example
 * ```ts
 * const disk = new vfs.RamBlockDev(512, 4096)
 * // An entry of a partition table: the type, the first block, the number of blocks.
 * disk.data[446 + 4] = 0x06
 * new DataView(disk.data.buffer, disk.data.byteOffset).setUint32(446 + 8, 64, true)
 * new DataView(disk.data.buffer, disk.data.byteOffset).setUint32(446 + 12, 4000, true)
 * disk.data.set([0x55, 0xaa], 510)
 * const partition = new vfs.PartitionBlockDev(disk, 1)
 * partition.ioctl(4, 0) // => 4000
 * ```
 */
export class PartitionBlockDev extends StorageBlockDev {
  readonly #device: Device
  readonly #first: number
  /** As `BlockDevice.writeblocks`; undefined where the device is read-only. */
  readonly writeblocks: ((block: number, buffer: Uint8Array, offset?: number) => void) | undefined

  /**
   * @param device the whole device
   * @param number the number of a primary partition: 1 to 4
   * @param options `readonly`: false to allow writing; true by default
   * @throws OSError ENODEV without a partition table or without that partition; EINVAL where the partition exceeds the
   *   device
   */
  constructor(device: BlockDevice, number: number, options: { readonly readonly?: boolean | undefined } = NO_OPTIONS) {
    const checked = checkOptions(options, ['readonly'])
    const whole = new Device(device, SECTOR_SIZES)
    const { first, count } = partition(whole, int(number, 'number', 1, 4))
    super(whole.blockSize, count)
    this.#device = whole
    this.#first = first
    this.writeblocks =
      bool(checked.readonly, 'readonly', true) || whole.readonly
        ? undefined
        : (block, buffer, offset = 0) => this.writeAt(block, buffer, offset, (at, bytes) => this.#write(at, bytes))
  }

  protected override readBytes(position: number, buffer: Uint8Array): void {
    if (this.#isWhole(position, buffer)) this.#device.read(this.#first + position / this.block_size, buffer)
    else buffer.set(this.#readBlocksAround(position, buffer.length).piece)
  }

  #write(position: number, buffer: Uint8Array): void {
    if (this.#isWhole(position, buffer)) {
      this.#device.write(this.#first + position / this.block_size, buffer)
      return
    }
    const { block, whole, piece } = this.#readBlocksAround(position, buffer.length)
    piece.set(buffer)
    this.#device.write(block, whole)
  }

  #isWhole(position: number, buffer: Uint8Array): boolean {
    return position % this.block_size === 0 && buffer.length % this.block_size === 0
  }

  /** Reads the complete blocks that contain a range of bytes. Returns them and the range in them. */
  #readBlocksAround(position: number, length: number): { block: number; whole: Buffer; piece: Buffer } {
    const start = position % this.block_size
    const blocks = Math.ceil((start + length) / this.block_size)
    const block = this.#first + (position - start) / this.block_size
    const whole = Buffer.alloc(blocks * this.block_size)
    this.#device.read(block, whole)
    return { block, whole, piece: whole.subarray(start, start + length) }
  }

  override sync(): void {
    this.#device.sync()
  }
}

function partition(device: Device, number: number): { first: number; count: number } {
  const record = Buffer.alloc(device.blockSize)
  device.read(0, record)
  const entry = PARTITION_TABLE + (number - 1) * ENTRY_SIZE
  const type = record[entry + 4]
  const [first, count] = [record.readUInt32LE(entry + 8), record.readUInt32LE(entry + 12)]
  if (record.readUInt16LE(510) !== 0xaa55 || type === 0 || count === 0) throw vfsError('ENODEV', 'PartitionBlockDev')
  if (first === 0 || first + count > device.blockCount) throw vfsError('EINVAL', 'PartitionBlockDev')
  return { first, count }
}
