import { badValue, wrongType } from '../../errors.ts'
import { constants } from '../../libc/facts.ts'
import { ownBytes } from '../../libc/own_bytes.ts'
import { bool, int } from '../../os/arguments/numbers.ts'
import { checkOptions, NO_OPTIONS } from '../../os/arguments/options.ts'
import { type FileName, fsdecode } from '../../os/arguments/paths.ts'
import { type BlockDevice, Device } from '../device.ts'
import { vfsError } from '../errors.ts'
import { openMode, VfsFile } from '../file.ts'
import type { DirectoryEntry, DirectoryIterator, FileSystem, StatTuple, StatvfsTuple } from '../file_system.ts'
import { isSafeName, warnOfName } from '../names.ts'
import { Flash } from './flash.ts'
import { isBelow, joinPath, type Path, parsePath } from './path.ts'
import { MetadataStoreV1 as FirstStore } from './v1/store.ts'
import { format as formatFirst } from './v1/superblock.ts'
import { Volume1 } from './v1/volume.ts'
import { MetadataStore } from './v2/store.ts'
import { format, NAME_MAX } from './v2/superblock.ts'
import { Volume2 } from './v2/volume.ts'
import { type ListedEntry, toOSError, type Volume } from './volume.ts'

const { S_IFDIR, S_IFREG } = constants

/** MicroPython's default. */
const DEFAULT_UNIT = 32
/** The size of MicroPython's file cache, in units. */
const CACHE_UNITS = 4
const MAX_UNIT = 2 ** 20
/** The superblock and its checksums need more than half of this size. */
const MIN_BLOCK_SIZE = 64
/** The largest block size. Each change of metadata reads and writes an entire block: larger ones would take seconds. */
const LARGEST_BLOCK = 2 ** 24

/** The parameters of littlefs. */
export interface LittlefsOptions {
  /** The size of the smallest read; every read is a multiple of it: 32 bytes by default. */
  readonly readsize?: number | undefined
  /** The size of the smallest write; every write is a multiple of it: 32 bytes by default. */
  readonly progsize?: number | undefined
  /** The size of the window in which free blocks are searched, in bytes of eight blocks each: 32 by default. */
  readonly lookahead?: number | undefined
  /** Whether the time of the last change of a file is stored: true by default. Version 2 only. */
  readonly mtime?: boolean | undefined
}

interface Settings {
  readonly flash: Flash
  readonly lookahead: number
  readonly cacheSize: number
  readonly mtime: boolean
}

function settings(blockDevice: unknown, options: LittlefsOptions): Settings {
  const checked = checkOptions(options, ['readsize', 'progsize', 'lookahead', 'mtime'])
  const readsize = int(checked.readsize ?? DEFAULT_UNIT, 'readsize', 1, MAX_UNIT)
  const progsize = int(checked.progsize ?? DEFAULT_UNIT, 'progsize', 1, MAX_UNIT)
  const lookahead = int(checked.lookahead ?? DEFAULT_UNIT, 'lookahead', 1, MAX_UNIT)
  const mtime = bool(checked.mtime, 'mtime', true)
  const device = new Device(blockDevice)
  if (!device.isExtended) throw wrongType('block_dev', 'a block device with an "ioctl" method', blockDevice)
  const { blockSize } = device
  if (blockSize < MIN_BLOCK_SIZE || blockSize > LARGEST_BLOCK) {
    throw badValue('block_dev', `must have blocks of ${MIN_BLOCK_SIZE} to ${LARGEST_BLOCK} bytes`, blockSize)
  }
  if (blockSize % readsize !== 0) throw badValue('readsize', `must divide the size of a block, ${blockSize}`, readsize)
  if (blockSize % progsize !== 0) throw badValue('progsize', `must divide the size of a block, ${blockSize}`, progsize)
  const cacheSize = Math.min(blockSize, CACHE_UNITS * Math.max(readsize, progsize))
  return { flash: new Flash(device, readsize, progsize), lookahead, cacheSize, mtime }
}

/** The offset of the magic string "littlefs" in a superblock of each version. */
const NAME_AT = { 1: 40, 2: 8 } as const

/**
 * The version of littlefs that a device appears to hold; null for none. Either of the first two blocks may be intact.
 */
export function littlefsVersion(blockDevice: unknown): 1 | 2 | null {
  const device = new Device(blockDevice)
  if (!device.isExtended) return null
  const start = Buffer.allocUnsafeSlow(MIN_BLOCK_SIZE)
  for (const block of [0, 1]) {
    try {
      device.readAt(block, 0, start)
    } catch {
      // The device may not support offsets, or the block may be bad.
      continue
    }
    for (const version of [1, 2] as const) {
      if (start.toString('latin1', NAME_AT[version], NAME_AT[version] + 8) === 'littlefs') return version
    }
  }
  return null
}

/** Runs an action that has no volume yet, and converts its failures to OSErrors. */
function withOSErrors<T>(operation: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw toOSError(error, operation)
  }
}

/** The methods of a file system, for both versions. */
abstract class Littlefs implements FileSystem {
  readonly #volume: Volume
  #cwd = '/'

  /** @internal */
  constructor(volume: Volume) {
    this.#volume = volume
  }

  /**
   * Called by `mount` of the mount table.
   *
   * @param readonly whether writing is refused from now on
   * @param _mkfs not used: an object of this class always has a file system
   */
  mount(readonly: boolean, _mkfs = false): void {
    if (bool(readonly, 'readonly', false)) this.#volume.flash.readonly = true
  }

  /**
   * Called by `umount` of the mount table: stores all data. As in MicroPython, the object can still be used afterwards.
   */
  umount(): void {
    this.sync()
  }

  /** Stores the buffered data of open files, and syncs the device. */
  sync(): void {
    this.#volume.sync()
  }

  #path(path: FileName): Path {
    return parsePath(path, this.#cwd)
  }

  /**
   * Opens a file.
   *
   * Data is stored atomically when the file is closed or flushed: after an earlier power loss the file has its previous
   * contents. A file may be open more than once, and may be removed or renamed while it is open.
   *
   * @param path the file
   * @param mode 'r', 'w', 'a' or 'x', with '+', 'b' or 't'; 'r' by default
   * @returns the file object
   * @throws OSError ENOENT, EEXIST, EISDIR, ENOTDIR, ENAMETOOLONG, EROFS, ENOSPC
   */
  open(path: FileName, mode: `${string}b${string}`): VfsFile<Buffer>
  open(path: FileName, mode?: string): VfsFile<string>
  open(path: FileName, mode = 'r'): VfsFile<string> | VfsFile<Buffer> {
    const wanted = openMode(mode)
    const place = this.#path(path)
    const raw = this.#volume.open(place, wanted)
    const name = joinPath(place.names)
    return wanted.binary ? new VfsFile<Buffer>(raw, name, mode) : new VfsFile<string>(raw, name, mode)
  }

  /**
   * Changes the current directory of this file system.
   *
   * @param path the directory
   * @throws OSError ENOENT where it is missing or not a directory
   */
  chdir(path: FileName): void {
    const place = this.#path(path)
    if (!this.#isDirectory(place)) throw vfsError('ENOENT', 'chdir', place.text)
    this.#cwd = joinPath(place.names)
  }

  #isDirectory(path: Path): boolean {
    return this.#volume.run('chdir', path.text, false, () => this.#volume.stat(path)).isDirectory
  }

  /** The current directory of this file system, from its own root. */
  getcwd(): string {
    return this.#cwd
  }

  /**
   * The entries of a directory, which are read on demand.
   *
   * @param path the directory, the current one by default
   * @returns tuples of name, type (0x4000 for a directory, 0x8000 for a file), 0 and size; names are bytes where `path`
   *   is bytes
   * @throws OSError ENOENT, ENOTDIR
   */
  ilistdir(path: Uint8Array): DirectoryIterator<Buffer>
  ilistdir(path?: string): DirectoryIterator<string>
  ilistdir(path: FileName): DirectoryIterator
  ilistdir(path: FileName = ''): DirectoryIterator {
    const place = this.#path(path)
    const entries = this.#volume.list(place)
    // A missing directory is reported now, not when the first entry is requested.
    const first = this.#volume.run('ilistdir', place.text, false, () => entries.next())
    return new LittlefsDirectory(this.#volume, place, first, entries, typeof path !== 'string')
  }

  /**
   * Creates a directory.
   *
   * @param path the new directory
   * @throws OSError EEXIST, ENOENT (the parent is missing), ENOTDIR, ENAMETOOLONG, EROFS, ENOSPC
   */
  mkdir(path: FileName): void {
    const place = this.#path(path)
    this.#volume.makeDirectory(place)
  }

  /**
   * Removes a file, or, as in MicroPython, an empty directory.
   *
   * @param path the file or directory
   * @throws OSError ENOENT, ENOTEMPTY, EACCES (the current directory), EINVAL (the root), EROFS
   */
  remove(path: FileName): void {
    this.#remove(path, 'remove')
  }

  /**
   * Removes an empty directory, or, as in MicroPython, a file.
   *
   * @param path the directory or file
   * @throws OSError ENOENT, ENOTEMPTY, EACCES (the current directory), EINVAL (the root), EROFS
   */
  rmdir(path: FileName): void {
    this.#remove(path, 'rmdir')
  }

  #remove(path: FileName, operation: string): void {
    const place = this.#path(path)
    if (place.names.length > 0 && joinPath(place.names) === this.#cwd) throw vfsError('EACCES', operation, place.text)
    this.#volume.removeEntry(operation, place)
  }

  /**
   * Renames or moves a file or directory. An existing target is replaced atomically: a file by a file, an empty
   * directory by a directory.
   *
   * @param old_path the file or directory
   * @param new_path its new name
   * @throws OSError ENOENT, EISDIR, ENOTDIR, ENOTEMPTY, EINVAL (a directory into itself), ENAMETOOLONG, EROFS, ENOSPC
   */
  rename(old_path: FileName, new_path: FileName): void {
    const from = this.#path(old_path)
    const to = this.#path(new_path)
    const cwd = parsePath(this.#cwd, '/').names
    const isReplaced = to.names.length > 0 && joinPath(to.names) === this.#cwd && joinPath(from.names) !== this.#cwd
    if (isReplaced) throw vfsError('EACCES', 'rename', from.text, to.text)
    this.#volume.renameEntry(from, to)
    if (joinPath(from.names) === this.#cwd || isBelow(cwd, from.names)) {
      this.#cwd = joinPath([...to.names, ...cwd.slice(from.names.length)])
    }
  }

  /**
   * The status of a file or directory.
   *
   * @param path the file or directory
   * @returns ten numbers; littlefs has the type, the size, and perhaps one time, which is used for all three
   * @throws OSError ENOENT, ENOTDIR
   */
  stat(path: FileName): StatTuple {
    const place = this.#path(path)
    const { isDirectory, size, mtime } = this.#volume.run('stat', place.text, false, () => this.#volume.stat(place))
    const time = mtime === null ? 0 : Number(mtime / 1_000_000_000n)
    return [isDirectory ? S_IFDIR : S_IFREG, 0, 0, 0, 0, 0, size, time, time, time]
  }

  /**
   * The status of the file system.
   *
   * @param path any path on it
   * @returns ten numbers: sizes and counts in blocks
   */
  statvfs(path: FileName = ''): StatvfsTuple {
    const { text } = this.#path(path)
    const volume = this.#volume
    const { blockSize, blockCount } = volume.flash
    const free = blockCount - volume.run('statvfs', text, false, () => volume.usedBlocks())
    return [blockSize, blockSize, blockCount, free, free, 0, 0, 0, 0, NAME_MAX]
  }
}

/** Iterates over the entries of a directory. */
class LittlefsDirectory implements DirectoryIterator {
  readonly #volume: Volume
  readonly #path: Path
  readonly #entries: Iterator<ListedEntry, undefined>
  readonly #bytes: boolean
  /** The entry that has been read already. */
  #first: IteratorResult<ListedEntry, undefined> | null
  #done = false

  constructor(
    volume: Volume,
    path: Path,
    first: IteratorResult<ListedEntry, undefined>,
    entries: Iterator<ListedEntry, undefined>,
    bytes: boolean,
  ) {
    this.#volume = volume
    this.#path = path
    this.#first = first
    this.#entries = entries
    this.#bytes = bytes
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<DirectoryEntry, undefined> {
    if (this.#done) return { done: true, value: undefined }
    let result = this.#read()
    while (result.done !== true && !isSafeName(result.value.name)) {
      warnOfName(result.value.name, this.#path.text)
      result = this.#read()
    }
    if (result.done === true) return this.return()
    const { name, isDirectory, size } = result.value
    const shown = this.#bytes ? ownBytes(name) : fsdecode(name)
    return { done: false, value: [shown, isDirectory ? S_IFDIR : S_IFREG, 0, size] }
  }

  #read(): IteratorResult<ListedEntry, undefined> {
    const result = this.#first ?? this.#volume.run('ilistdir', this.#path.text, false, () => this.#entries.next())
    this.#first = null
    return result
  }

  return(): IteratorResult<DirectoryEntry, undefined> {
    this.close()
    return { done: true, value: undefined }
  }

  close(): void {
    this.#done = true
    this.#first = null
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/**
 * littlefs, version 2, on a block device with the extended protocol: the file system of MicroPython boards with flash
 * memory. It needs no repair after a power loss, and distributes writes over the whole device.
 *
 * It can be mounted, or used by its own methods. Paths are text or bytes, with "/" between names; "." and ".." have
 * their usual meaning. Several file objects may read and write an open file; each stores its own contents.
 *
 * The first write upgrades a disk from version 2.0 of the format to 2.1, as the C library does: firmware with littlefs
 * before 2.6 can no longer mount it.
 *
 * See MicroPython, vfs.VfsLfs2.
 * @example
 * ```ts
 * const flash = new vfs.RamBlockDev(4096, 64)
 * vfs.VfsLfs2.mkfs(flash)
 * const fs = new vfs.VfsLfs2(flash)
 * const file = fs.open('boot.py', 'w')
 * file.write('print("hello")')
 * file.close()
 * Array.from(fs.ilistdir(), ([name, , , size]) => [name, size]) // => [['boot.py', 14]]
 * ```
 */
export class VfsLfs2 extends Littlefs {
  /**
   * @param block_dev the device
   * @param options `readsize`, `progsize`, `lookahead`: sizes in bytes; `mtime`: whether files have times
   * @throws OSError EILSEQ where there is no such file system; EINVAL for one of another size; others as the device
   *   reports
   */
  constructor(block_dev: BlockDevice, options: LittlefsOptions = NO_OPTIONS) {
    const { flash, lookahead, cacheSize, mtime } = settings(block_dev, options)
    super(withOSErrors('mount', () => new Volume2(flash, lookahead, cacheSize, mtime)))
  }

  /**
   * Creates an empty file system. All data on the device is lost.
   *
   * @param block_dev the device, of two blocks or more
   * @param options as of the constructor
   * @throws OSError EROFS, ENOSPC; others as the device reports
   */
  static mkfs(block_dev: BlockDevice, options: LittlefsOptions = NO_OPTIONS): void {
    const { flash, lookahead } = settings(block_dev, options)
    if (flash.readonly) throw vfsError('EROFS', 'mkfs')
    withOSErrors('mkfs', () => format(new MetadataStore(flash, lookahead, () => {})))
  }
}

/**
 * littlefs, version 1, on a block device with the extended protocol, which earlier MicroPython boards use. Files have
 * no times. It needs no repair after a power loss either; each change of a directory rewrites the directory.
 *
 * See MicroPython, vfs.VfsLfs1.
 * @example
 * ```ts
 * const flash = new vfs.RamBlockDev(4096, 64)
 * vfs.VfsLfs1.mkfs(flash)
 * const fs = new vfs.VfsLfs1(flash)
 * fs.mkdir('logs')
 * Array.from(fs.ilistdir(), ([name]) => name) // => ['logs']
 * ```
 */
export class VfsLfs1 extends Littlefs {
  /**
   * @param block_dev the device
   * @param options `readsize`, `progsize`, `lookahead`: sizes in bytes
   * @throws OSError EILSEQ where there is no such file system; EINVAL for one of another size; others as the device
   *   reports
   */
  constructor(block_dev: BlockDevice, options: LittlefsOptions = NO_OPTIONS) {
    const { flash, lookahead } = settings(block_dev, options)
    super(withOSErrors('mount', () => new Volume1(flash, lookahead)))
  }

  /**
   * Creates an empty file system. All data on the device is lost.
   *
   * @param block_dev the device, of four blocks or more
   * @param options as of the constructor
   * @throws OSError EROFS, ENOSPC; others as the device reports
   */
  static mkfs(block_dev: BlockDevice, options: LittlefsOptions = NO_OPTIONS): void {
    const { flash, lookahead } = settings(block_dev, options)
    if (flash.readonly) throw vfsError('EROFS', 'mkfs')
    withOSErrors('mkfs', () => formatFirst(new FirstStore(flash, lookahead, () => {})))
  }
}
