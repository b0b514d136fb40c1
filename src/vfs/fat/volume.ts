import * as FF from 'js-fatfs'
import type { OSError } from '../../errors.ts'
import { ownBytes } from '../../libc/own_bytes.ts'
import { Device, SECTOR_SIZES } from '../device.ts'
import { asOSError, vfsError } from '../errors.ts'
import { FatFs, type FatFunctions, isTrap, type Storage } from './fatfs.ts'
import type { Geometry } from './geometry.ts'
import { type ChangeKind, SectorLog } from './sector_log.ts'
import { layoutOf } from './table.ts'

/** MicroPython's error of each FRESULT. */
const ERRORS = [
  undefined,
  'EIO', // FR_DISK_ERR
  'EIO', // FR_INT_ERR
  'EBUSY', // FR_NOT_READY
  'ENOENT', // FR_NO_FILE
  'ENOENT', // FR_NO_PATH
  'EINVAL', // FR_INVALID_NAME
  'EACCES', // FR_DENIED
  'EEXIST', // FR_EXIST
  'EINVAL', // FR_INVALID_OBJECT
  'EROFS', // FR_WRITE_PROTECTED
  'ENODEV', // FR_INVALID_DRIVE
  'ENODEV', // FR_NOT_ENABLED
  'ENODEV', // FR_NO_FILESYSTEM
  'EIO', // FR_MKFS_ABORTED
  'EIO', // FR_TIMEOUT
  'EIO', // FR_LOCKED
  'ENOMEM', // FR_NOT_ENOUGH_CORE
  'EMFILE', // FR_TOO_MANY_OPEN_FILES
  'EINVAL', // FR_INVALID_PARAMETER
] as const

/** The code page of MicroPython boards for short names that are not ASCII. */
const CODE_PAGE = 437

const MAX_PATH = 4096

/** The size of one transfer, and of the work area of mkfs, where a larger one means fewer writes. */
export const TRANSFER_SIZE = 65536

/** Offsets in FATFS. */
const FS_TYPE = 0
const FS_ROOT_ENTRIES = 8
const FS_CLUSTER_SIZE = 10
const FS_FAT_ENTRIES = 28
const FS_FATS = 3
const FS_FAT_SECTORS = 32
const FS_FAT_BASE = 40
const FS_ROOT_BASE = 44
const FS_DATA_BASE = 48
/** One sector that FatFs works on, where it is, and whether it has been changed. */
const FS_WINDOW_CHANGED = 4
const FS_WINDOW_SECTOR = 52
const FS_WINDOW = 56

/** Offsets in the boot sector. */
const TOTAL_SECTORS_16 = 19
const BOOT_SIGNATURE = 510

const MIN_SECTORS_OF_FATFS = 128

/** Modifies or suppresses a write to the device: used by mkfs of very small volumes. */
export type WriteFilter = (sector: number, data: Buffer) => Buffer | null

/**
 * A volume: an instance of FatFs on a device. An exception of the device must not unwind the stack of FatFs, so it is
 * stored and rethrown when FatFs has returned.
 */
export class FatVolume {
  readonly device: Device
  readonly #fat: FatFs
  readonly #fs: number
  readonly #path: number
  readonly #path2: number
  readonly #info: number
  readonly #transfer: number
  readonly #count: number
  #deviceBuffer: Buffer = Buffer.allocUnsafeSlow(TRANSFER_SIZE)
  #failure: OSError | null = null
  #broken: unknown = null
  #busy = false
  /** Whether writes are refused, because the mount is read-only. */
  readonly: boolean
  #filter: WriteFilter | null = null
  readonly #sectors: number
  #mounting = false
  /** What FatFs writes on a mounted volume goes through it. */
  #log: SectorLog | null = null
  /** The number of sectors of a volume that is smaller than FatFs's minimum. */
  #smallVolume = 0

  constructor(blockDevice: unknown, sectors?: number, filter?: WriteFilter) {
    this.device = new Device(blockDevice, SECTOR_SIZES)
    this.readonly = this.device.readonly
    this.#sectors = sectors ?? this.device.blockCount
    this.#filter = filter ?? null
    this.#fat = new FatFs(this.#storage())
    this.#path = this.allocate(MAX_PATH)
    this.#path2 = this.allocate(MAX_PATH)
    this.#fs = this.allocate(FF.sizeof_FATFS)
    this.#info = this.allocate(FF.sizeof_FILINFO)
    this.#transfer = this.allocate(TRANSFER_SIZE)
    this.#count = this.allocate(4)
    this.#fat.functions.f_setcp(CODE_PAGE)
  }

  /** Mounts the volume. Returns false where the device has no FAT file system. */
  mount(): boolean {
    this.memory.fill(0, this.#fs, this.#fs + FF.sizeof_FATFS)
    this.#mounting = true
    this.#smallVolume = 0
    const result = this.#mountNow()
    if (result === FF.FR_NO_FILESYSTEM) return false
    this.check(result, 'mount')
    if (this.#smallVolume !== 0 && !this.#correctClusterCount()) return false
    this.#log = new SectorLog(this.device)
    return true
  }

  #mountNow(): number {
    try {
      return this.#run('mount', (f) => f.f_mount(this.#fs, this.#place(this.#path, '/'), 1))
    } finally {
      this.#mounting = false
    }
  }

  /**
   * FatFs refuses a volume of fewer than 128 sectors, which MicroPython boards accept. So the boot sector is presented
   * with a larger size during the mount, and the number of clusters is corrected afterwards.
   */
  #presentLargerSize(boot: Buffer): void {
    const sectors = boot.readUInt16LE(TOTAL_SECTORS_16)
    if (sectors === 0 || sectors >= MIN_SECTORS_OF_FATFS || boot.readUInt16LE(BOOT_SIGNATURE) !== 0xaa55) return
    this.#smallVolume = sectors
    boot.writeUInt16LE(MIN_SECTORS_OF_FATFS, TOTAL_SECTORS_16)
  }

  #correctClusterCount(): boolean {
    const { clusterSize, dataBase } = this.geometry()
    const clusters = Math.floor((this.#smallVolume - dataBase) / clusterSize)
    this.memory.writeUInt32LE(Math.max(clusters, 0) + 2, this.#fs + FS_FAT_ENTRIES)
    return clusters > 0
  }

  /** Calls FatFs, and throws an OSError where that fails. */
  call(operation: string, path: string | undefined, call: (f: FatFunctions) => number, path2?: string): void {
    this.check(this.#run(operation, call), operation, path, path2)
  }

  /** Calls FatFs and returns its FRESULT, for calls where it does not always mean an error. */
  result(operation: string, call: (f: FatFunctions) => number): number {
    return this.#run(operation, call)
  }

  #run(operation: string, call: (f: FatFunctions) => number): number {
    if (this.#broken !== null) throw asOSError(this.#broken, operation)
    // A method of the block device that calls the file system on it would corrupt the state of the FatFs call in
    // progress.
    if (this.#busy) throw vfsError('EBUSY', operation)
    this.#busy = true
    this.#failure = null
    try {
      const result = call(this.#fat.functions)
      // Also where FatFs reports success: it does not check the result of every write.
      if (this.#failure !== null) throw this.#failure
      return result
    } catch (error) {
      if (!isTrap(error)) throw error
      this.#broken = error
      throw asOSError(error, operation)
    } finally {
      this.#busy = false
    }
  }

  /**
   * Runs calls that change the volume: all that they write is on the device afterwards, or, where one of them or the
   * device fails, nothing. FatFs then has what it had before.
   *
   * @param kind which sectors make the change visible
   * @param file the FIL that is changed; null for none
   */
  change<T>(operation: string, kind: ChangeKind, file: number | null, action: () => T): T {
    const log = this.#log
    // A volume that is read-only is refused by FatFs.
    if (log === null || log.isChanging || this.readonly) return action()
    this.#exclusively(operation, () => log.settle())
    const state = Buffer.from(this.memory.subarray(this.#fs, this.#fs + FF.sizeof_FATFS))
    const fileState = file === null ? null : Buffer.from(this.memory.subarray(file, file + FF.sizeof_FIL))
    // The table that FatFs has changed, and not written yet.
    const isChanged = state[FS_WINDOW_CHANGED] !== 0
    const window = isChanged ? state.subarray(FS_WINDOW, FS_WINDOW + this.device.blockSize) : null
    log.begin(kind, layoutOf(this.geometry(), this.device, state.readUInt32LE(FS_WINDOW_SECTOR), window))
    try {
      const result = action()
      if (kind !== 'data') this.#writeWindow(log)
      this.#exclusively(operation, () => log.commit())
      return result
    } catch (error) {
      if (log.isChanging) this.#exclusively(operation, () => log.abort())
      this.memory.set(state, this.#fs)
      if (file !== null && fileState !== null) this.memory.set(fileState, file)
      throw error
    }
  }

  /** Writes the sector that FatFs works on, which a call that opens a file leaves in memory. */
  #writeWindow(log: SectorLog): void {
    const { memory } = this
    if (memory[this.#fs + FS_WINDOW_CHANGED] === 0) return
    const sector = memory.readUInt32LE(this.#fs + FS_WINDOW_SECTOR)
    const data = memory.subarray(this.#fs + FS_WINDOW, this.#fs + FS_WINDOW + this.device.blockSize)
    log.write(sector, data)
    const { fatBase, fatSectors } = this.geometry()
    const isInFat = sector >= fatBase && sector < fatBase + fatSectors
    if (isInFat && memory[this.#fs + FS_FATS] === 2) log.write(sector + fatSectors, data)
    memory[this.#fs + FS_WINDOW_CHANGED] = 0
  }

  /** Writes what the device refused before, and makes everything permanent. */
  sync(operation: string): void {
    const log = this.#log
    if (log === null || this.readonly) return
    this.#exclusively(operation, () => {
      log.settle()
      log.sync()
    })
  }

  /** Throws where something that was done is not permanent. */
  checkPermanent(): void {
    this.#log?.checkPermanent()
  }

  /** Runs an action that calls the device, which must not call the file system meanwhile. */
  #exclusively(operation: string, action: () => void): void {
    if (this.#busy) throw vfsError('EBUSY', operation)
    this.#busy = true
    try {
      action()
    } finally {
      this.#busy = false
    }
  }

  /** Throws the OSError of a FRESULT. */
  check(result: number, operation: string, path?: string, path2?: string): void {
    if (result !== FF.FR_OK) throw vfsError(ERRORS[result] ?? 'EIO', operation, path, path2)
  }

  get memory(): Buffer {
    return this.#fat.memory
  }

  /** Allocates zeroed memory of FatFs. */
  allocate(size: number): number {
    if (this.#broken !== null) throw asOSError(this.#broken, 'malloc')
    const place = this.#fat.functions.malloc(size)
    if (place === 0) throw vfsError('ENOMEM', 'malloc')
    this.memory.fill(0, place, place + size)
    return place
  }

  free(place: number): void {
    if (this.#broken === null) this.#fat.functions.free(place)
  }

  /** Writes an absolute path to the memory of FatFs, and returns its address. */
  pathAt(path: string): number {
    return this.#place(this.#path, path)
  }

  /** The same for the second path of a call with two. */
  secondPathAt(path: string): number {
    return this.#place(this.#path2, path)
  }

  #place(memory: number, path: string): number {
    // The drive number comes first, so that a colon in a name is not taken for the end of a drive number.
    const bytes = Buffer.from(`0:${path}\0`)
    if (bytes.length > MAX_PATH) throw vfsError('ENAMETOOLONG', 'path', path)
    this.memory.set(bytes, memory)
    return memory
  }

  /** The address of the FILINFO that `stat` and `readdir` fill. */
  get info(): number {
    return this.#info
  }

  /** The name in FILINFO; empty at the end of a directory. */
  infoName(): Buffer {
    return this.#stringAt(this.#fat.functions.FILINFO_fname(this.#info))
  }

  /** The short name in FILINFO; empty where the name is itself short. */
  infoShortName(): Buffer {
    return this.#stringAt(this.#fat.functions.FILINFO_altname(this.#info))
  }

  #stringAt(start: number): Buffer {
    return ownBytes(this.memory, start, this.memory.indexOf(0, start))
  }

  infoIsDirectory(): boolean {
    return (this.#fat.functions.FILINFO_fattrib(this.#info) & FF.AM_DIR) !== 0
  }

  infoSize(): number {
    return this.#fat.functions.FILINFO_fsize(this.#info) >>> 0
  }

  /** The time in FILINFO in seconds since 1970, or 0. FAT stores local time. */
  infoTime(): number {
    const date = this.#fat.functions.FILINFO_fdate(this.#info)
    const time = this.#fat.functions.FILINFO_ftime(this.#info)
    const month = (date >> 5) & 15
    if (month === 0) return 0
    const [hours, minutes, seconds] = [time >> 11, (time >> 5) & 63, (time & 31) * 2]
    return new Date(1980 + (date >> 9), month - 1, date & 31, hours, minutes, seconds).getTime() / 1000
  }

  /** The transfer area. FatFs writes the number of transferred bytes to `count`. */
  get transfer(): number {
    return this.#transfer
  }

  get countAt(): number {
    return this.#count
  }

  get counted(): number {
    return this.memory.readUInt32LE(this.#count)
  }

  uint32(place: number): number {
    return this.memory.readUInt32LE(place)
  }

  position(file: number): number {
    return this.#fat.functions.f_tell(file) >>> 0
  }

  size(file: number): number {
    return this.#fat.functions.f_size(file) >>> 0
  }

  geometry(): Geometry {
    const { memory } = this
    return {
      type: memory[this.#fs + FS_TYPE] ?? 0,
      rootEntries: memory.readUInt16LE(this.#fs + FS_ROOT_ENTRIES),
      clusterSize: memory.readUInt16LE(this.#fs + FS_CLUSTER_SIZE),
      fatEntries: memory.readUInt32LE(this.#fs + FS_FAT_ENTRIES),
      fatSectors: memory.readUInt32LE(this.#fs + FS_FAT_SECTORS),
      fatBase: memory.readUInt32LE(this.#fs + FS_FAT_BASE),
      rootBase: memory.readUInt32LE(this.#fs + FS_ROOT_BASE),
      dataBase: memory.readUInt32LE(this.#fs + FS_DATA_BASE),
    }
  }

  /** The size of a cluster in bytes. */
  get clusterBytes(): number {
    return this.geometry().clusterSize * this.device.blockSize
  }

  #storage(): Storage {
    return {
      status: () => (this.readonly ? FF.STA_PROTECT : 0),
      read: (buffer, sector, count) => this.#guard(() => this.#read(buffer, sector, count)),
      write: (buffer, sector, count) => this.#guard(() => this.#write(buffer, sector, count)),
      ioctl: (command, buffer) => this.#guard(() => this.#ioctl(command, buffer)),
    }
  }

  #guard(call: () => void): number {
    try {
      call()
      return FF.RES_OK
    } catch (error) {
      // The first failure is the cause of those that follow.
      this.#failure ??= asOSError(error, 'block device')
      return FF.RES_ERROR
    }
  }

  // The device never gets the memory of FatFs itself: it gets a copy, which it may keep or modify later without harm.

  #bounced(size: number): Buffer {
    // The device may detach the buffer that it gets.
    if (this.#deviceBuffer.length === 0) this.#deviceBuffer = Buffer.allocUnsafeSlow(TRANSFER_SIZE)
    return this.#deviceBuffer.subarray(0, size)
  }

  #read(buffer: number, sector: number, count: number): void {
    this.#inTransfers(sector, count, (from, size, offset) => {
      const piece = this.#bounced(size)
      if (this.#log === null) this.device.read(from, piece)
      else this.#log.read(from, piece)
      if (this.#mounting && from === 0) this.#presentLargerSize(piece)
      this.memory.set(piece, buffer + offset)
    })
  }

  #write(buffer: number, sector: number, count: number): void {
    if (this.readonly) throw vfsError('EROFS', 'writeblocks')
    this.#inTransfers(sector, count, (from, size, offset) => {
      const piece = this.#bounced(size)
      piece.set(this.memory.subarray(buffer + offset, buffer + offset + size))
      const data = this.#filter === null ? piece : this.#filter(from, piece)
      if (data === null) return
      if (this.#log === null) this.device.write(from, data)
      else this.#log.write(from, data)
    })
  }

  #inTransfers(sector: number, count: number, move: (sector: number, size: number, offset: number) => void): void {
    const { blockSize } = this.device
    const most = TRANSFER_SIZE / blockSize
    for (let done = 0; done < count; done += most) {
      move(sector + done, Math.min(most, count - done) * blockSize, done * blockSize)
    }
  }

  #ioctl(command: number, buffer: number): void {
    if (command === FF.CTRL_SYNC) (this.#log ?? this.device).sync()
    else if (command === FF.GET_SECTOR_COUNT) this.memory.writeUInt32LE(this.#sectors, buffer)
    else if (command === FF.GET_SECTOR_SIZE) this.memory.writeUInt16LE(this.device.blockSize, buffer)
    else if (command === FF.GET_BLOCK_SIZE) this.memory.writeUInt32LE(1, buffer)
    else throw vfsError('EINVAL', 'ioctl')
  }
}
