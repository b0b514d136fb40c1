import * as FF from 'js-fatfs'
import { outOfRange } from '../../errors.ts'
import { vfsError } from '../errors.ts'
import type { OpenMode, RawFile } from '../file.ts'
import type { FatFunctions } from './fatfs.ts'
import { type FatVolume, TRANSFER_SIZE } from './volume.ts'

/** Offsets in FIL: the location of the file's directory entry, which identifies the file under any name. */
const DIRECTORY_SECTOR = 32
const DIRECTORY_ENTRY = 36

const LARGEST_FILE = 0xffff_ffff

/** The flags of `f_open`. */
function fatMode({ kind, plus }: OpenMode): number {
  const access = plus ? FF.FA_READ | FF.FA_WRITE : kind === 'r' ? FF.FA_READ : FF.FA_WRITE
  const creation = { r: FF.FA_OPEN_EXISTING, w: FF.FA_CREATE_ALWAYS, a: FF.FA_OPEN_ALWAYS, x: FF.FA_CREATE_NEW }
  return access | creation[kind]
}

/**
 * The open files of a volume. FatFs, as js-fatfs builds it (without FF_FS_LOCK), lets a program open a file for writing
 * twice or remove an open file, which damages the volume. This class allows any number of readers or one writer of a
 * file.
 */
export class OpenFiles {
  readonly #volume: FatVolume
  readonly #files: Set<FatFile> = new Set()

  constructor(volume: FatVolume) {
    this.#volume = volume
  }

  open(path: string, mode: OpenMode): FatFile {
    const writing = mode.kind !== 'r' || mode.plus
    if (this.#files.size > 0) this.checkNotInUse('open', path, writing)
    const fil = this.#volume.allocate(FF.sizeof_FIL)
    try {
      const call = (): void =>
        this.#volume.call('open', path, (f) => f.f_open(fil, this.#volume.pathAt(path), fatMode(mode)))
      if (writing) this.#volume.change('open', 'open', null, call)
      else call()
      const file = new FatFile(this.#volume, fil, path, writing, this.#identity(fil), (closed) =>
        this.#files.delete(closed),
      )
      // As in FatFs, 'a' means to start at the end.
      if (mode.kind === 'a') file.seek(0, 2)
      this.#files.add(file)
      return file
    } catch (error) {
      this.#volume.free(fil)
      throw error
    }
  }

  /**
   * Throws where open files forbid an operation: writing to, removing or renaming an open file, or reading one that is
   * open for writing.
   */
  checkNotInUse(operation: string, path: string, writing: boolean): void {
    if (this.#files.size === 0) return
    const identity = this.#lookUp(path)
    if (identity === null) return
    for (const file of this.#files) {
      if (file.identity === identity && (writing || file.writing)) throw vfsError('EBUSY', operation, path)
    }
  }

  /** Stores buffered data. */
  sync(): void {
    const failures: unknown[] = []
    for (const file of this.#files) {
      try {
        if (file.writing) file.flush()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  #lookUp(path: string): string | null {
    const fil = this.#volume.allocate(FF.sizeof_FIL)
    try {
      const result = this.#volume.result('open', (f) => f.f_open(fil, this.#volume.pathAt(path), FF.FA_READ))
      if (result !== FF.FR_OK) return null
      const identity = this.#identity(fil)
      this.#volume.result('close', (f) => f.f_close(fil))
      return identity
    } finally {
      this.#volume.free(fil)
    }
  }

  #identity(fil: number): string {
    return `${this.#volume.uint32(fil + DIRECTORY_SECTOR)}:${this.#volume.uint32(fil + DIRECTORY_ENTRY)}`
  }
}

/** An open file on a FAT volume. */
class FatFile implements RawFile {
  readonly #volume: FatVolume
  readonly #fil: number
  readonly #path: string
  readonly writing: boolean
  readonly identity: string
  readonly #closed: (file: FatFile) => void

  constructor(
    volume: FatVolume,
    fil: number,
    path: string,
    writing: boolean,
    identity: string,
    closed: (file: FatFile) => void,
  ) {
    this.#volume = volume
    this.#fil = fil
    this.#path = path
    this.writing = writing
    this.identity = identity
    this.#closed = closed
  }

  read(into: Uint8Array): number {
    const volume = this.#volume
    let done = 0
    while (done < into.length) {
      const size = Math.min(TRANSFER_SIZE, into.length - done)
      volume.call('read', this.#path, (f) => f.f_read(this.#fil, volume.transfer, size, volume.countAt))
      const moved = Math.min(volume.counted, size)
      into.set(volume.memory.subarray(volume.transfer, volume.transfer + moved), done)
      done += moved
      if (moved < size) break
    }
    return done
  }

  write(data: Uint8Array): void {
    this.#volume.change('write', 'data', this.#fil, () => this.#writeAll(data))
  }

  #writeAll(data: Uint8Array): void {
    const volume = this.#volume
    for (let done = 0; done < data.length; ) {
      const size = Math.min(TRANSFER_SIZE, data.length - done)
      volume.memory.set(data.subarray(done, done + size), volume.transfer)
      volume.call('write', this.#path, (f) => f.f_write(this.#fil, volume.transfer, size, volume.countAt))
      // FatFs reports a full volume, or a file of maximal size, by a short count.
      if (volume.counted !== size) throw vfsError('ENOSPC', 'write', this.#path)
      done += size
    }
  }

  /**
   * As on MicroPython boards, seeking past the end extends a file that is open for writing immediately, and stops at
   * the end of another one. The new part is filled with zeros; FatFs alone would expose earlier contents of the disk.
   */
  seek(offset: number, whence: number): number {
    const size = this.#volume.size(this.#fil)
    const start = whence === 0 ? 0 : whence === 1 ? this.#volume.position(this.#fil) : size
    const target = start + offset
    if (target < 0) throw outOfRange('offset', `>= ${-start} from there`, offset)
    if (target > LARGEST_FILE) throw vfsError('EFBIG', 'seek', this.#path)
    if (!this.writing || target <= size) this.#move(Math.min(target, size))
    else this.#volume.change('seek', 'data', this.#fil, () => this.#extend(target))
    return this.#volume.position(this.#fil)
  }

  /** Makes the file longer, with zeros. */
  #extend(target: number): void {
    const size = this.#volume.size(this.#fil)
    this.#move(size)
    for (let missing = target - size; missing > 0; missing -= ZEROS.length) {
      this.#writeAll(ZEROS.subarray(0, missing))
    }
  }

  #move(position: number): void {
    this.#volume.call('seek', this.#path, (f) => f.f_lseek(this.#fil, position))
  }

  flush(): void {
    this.#change('flush', (f) => f.f_sync(this.#fil))
    this.#volume.checkPermanent()
  }

  close(): void {
    this.#closed(this)
    try {
      this.#change('close', (f) => f.f_close(this.#fil))
    } finally {
      this.#volume.free(this.#fil)
    }
  }

  /** Calls FatFs to store the file, where there can be something to store. */
  #change(operation: string, call: (f: FatFunctions) => number): void {
    const store = (): void => this.#volume.call(operation, this.#path, call)
    if (this.writing) this.#volume.change(operation, 'create', this.#fil, store)
    else store()
  }

  remaining(): number {
    const { fatEntries, clusterSize } = this.#volume.geometry()
    const size = this.#volume.size(this.#fil)
    // A size beyond the capacity of the volume means a damaged entry. It is refused so that not as much memory is
    // allocated.
    if (size > fatEntries * clusterSize * this.#volume.device.blockSize) throw vfsError('EIO', 'read', this.#path)
    return size - this.#volume.position(this.#fil)
  }
}

const ZEROS: Buffer = Buffer.alloc(TRANSFER_SIZE)
