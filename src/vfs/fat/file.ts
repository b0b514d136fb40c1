import * as FF from 'js-fatfs'
import { outOfRange } from '../../errors.ts'
import { vfsError } from '../errors.ts'
import type { OpenMode, RawFile } from '../file.ts'
import { type FatVolume, TRANSFER_SIZE } from './volume.ts'

/** Offsets in FIL: where the file's directory entry is, which tells one file from another under any name. */
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
 * The files that are open on a volume. FatFs, as js-fatfs is made, lets a program open a file for writing twice or
 * remove it while it is open, and the volume is damaged then. Here a file is open for any number of readers or one
 * writer.
 */
export class OpenFiles {
  readonly #volume: FatVolume
  readonly #files: Set<FatFile> = new Set()

  constructor(volume: FatVolume) {
    this.#volume = volume
  }

  open(path: string, mode: OpenMode): FatFile {
    const writing = mode.kind !== 'r' || mode.plus
    if (this.#files.size > 0) this.refuse('open', path, writing)
    const fil = this.#volume.allocate(FF.sizeof_FIL)
    try {
      this.#volume.call('open', path, (f) => f.f_open(fil, this.#volume.pathAt(path), fatMode(mode)))
      const file = new FatFile(this.#volume, fil, path, writing, this.#identity(fil), (closed) =>
        this.#files.delete(closed),
      )
      // As FatFs has it, 'a' means to start at the end.
      if (mode.kind === 'a') file.seek(0, 2)
      this.#files.add(file)
      return file
    } catch (error) {
      this.#volume.free(fil)
      throw error
    }
  }

  /** Refuses what the open files do not allow: writing to, removing or renaming one, or reading one being written. */
  refuse(operation: string, path: string, writing: boolean): void {
    if (this.#files.size === 0) return
    const identity = this.#lookUp(path)
    if (identity === null) return
    for (const file of this.#files) {
      if (file.identity === identity && (writing || file.writing)) throw vfsError('EBUSY', operation, path)
    }
  }

  /** Stores what is still in memory. */
  sync(): void {
    for (const file of this.#files) if (file.writing) file.flush()
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
    const volume = this.#volume
    for (let done = 0; done < data.length; ) {
      const size = Math.min(TRANSFER_SIZE, data.length - done)
      volume.memory.set(data.subarray(done, done + size), volume.transfer)
      volume.call('write', this.#path, (f) => f.f_write(this.#fil, volume.transfer, size, volume.countAt))
      // This is how FatFs says that the volume is full, or the file as large as FAT can have it.
      if (volume.counted !== size) throw vfsError('ENOSPC', 'write', this.#path)
      done += size
    }
  }

  /**
   * As on boards, moving past the end makes a file that is open for writing longer at once, and stops at the end of one
   * that is not. There it is filled with zeros, where FatFs alone would show what was on the disk.
   */
  seek(offset: number, whence: number): number {
    const size = this.#volume.size(this.#fil)
    const start = whence === 0 ? 0 : whence === 1 ? this.#volume.position(this.#fil) : size
    const target = start + offset
    if (target < 0) throw outOfRange('offset', `>= ${-start} from there`, offset)
    if (target > LARGEST_FILE) throw vfsError('EFBIG', 'seek', this.#path)
    this.#move(Math.min(target, size))
    for (let missing = target - size; this.writing && missing > 0; missing -= ZEROS.length) {
      this.write(ZEROS.subarray(0, missing))
    }
    return this.#volume.position(this.#fil)
  }

  #move(position: number): void {
    this.#volume.call('seek', this.#path, (f) => f.f_lseek(this.#fil, position))
  }

  flush(): void {
    this.#volume.call('flush', this.#path, (f) => f.f_sync(this.#fil))
  }

  close(): void {
    this.#closed(this)
    try {
      this.#volume.call('close', this.#path, (f) => f.f_close(this.#fil))
    } finally {
      this.#volume.free(this.#fil)
    }
  }

  remaining(): number {
    const { fatEntries, clusterSize } = this.#volume.geometry()
    const size = this.#volume.size(this.#fil)
    // A file that claims more than the volume holds is a broken entry, and no reason to ask for that much memory.
    if (size > fatEntries * clusterSize * this.#volume.device.blockSize) throw vfsError('EIO', 'read', this.#path)
    return size - this.#volume.position(this.#fil)
  }
}

const ZEROS: Buffer = Buffer.alloc(TRANSFER_SIZE)
