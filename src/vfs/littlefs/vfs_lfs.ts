import { badValue, wrongType } from '../../errors.ts'
import { constants } from '../../libc/facts.ts'
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
import { described, type ListedEntry, type Volume } from './volume.ts'

const { S_IFDIR, S_IFREG } = constants

/** As boards have them by default. */
const UNIT = 32
/** What boards keep in memory of a file: this many units. */
const CACHE_UNITS = 4
const LARGEST_UNIT = 2 ** 20
/** The superblock and its checksums need more than half of this. */
const SMALLEST_BLOCK = 64
/** Each change of metadata reads and writes a block as a whole: larger ones would take seconds, and gigabytes. */
const LARGEST_BLOCK = 2 ** 24

/** What littlefs works with. */
export interface LittlefsOptions {
  /** Bytes that are read at least, of which every read is a multiple: 32 by default. */
  readonly readsize?: number | undefined
  /** Bytes that are written at least, of which every write is a multiple: 32 by default. */
  readonly progsize?: number | undefined
  /** Bytes for looking for free blocks: eight blocks each at a time; 32 by default. */
  readonly lookahead?: number | undefined
  /** Whether files keep the time of their last change: by default they do. Of the second version only. */
  readonly mtime?: boolean | undefined
}

interface Settings {
  readonly flash: Flash
  readonly lookahead: number
  readonly cacheSize: number
  readonly mtime: boolean
}

function settings(blockDevice: unknown, options: LittlefsOptions): Settings {
  checkOptions(options, ['readsize', 'progsize', 'lookahead', 'mtime'])
  const readsize = int(options.readsize ?? UNIT, 'readsize', 1, LARGEST_UNIT)
  const progsize = int(options.progsize ?? UNIT, 'progsize', 1, LARGEST_UNIT)
  const lookahead = int(options.lookahead ?? UNIT, 'lookahead', 1, LARGEST_UNIT)
  const mtime = bool(options.mtime, 'mtime', true)
  const device = new Device(blockDevice)
  if (!device.isExtended) throw wrongType('block_dev', 'a block device with an "ioctl" method', blockDevice)
  const { blockSize } = device
  if (blockSize < SMALLEST_BLOCK || blockSize > LARGEST_BLOCK) {
    throw badValue('block_dev', `must have blocks of ${SMALLEST_BLOCK} to ${LARGEST_BLOCK} bytes`, blockSize)
  }
  if (blockSize % readsize !== 0) throw badValue('readsize', `must divide the size of a block, ${blockSize}`, readsize)
  if (blockSize % progsize !== 0) throw badValue('progsize', `must divide the size of a block, ${blockSize}`, progsize)
  const cacheSize = Math.min(blockSize, CACHE_UNITS * Math.max(readsize, progsize))
  return { flash: new Flash(device, readsize, progsize), lookahead, cacheSize, mtime }
}

/** Where the name of littlefs stands in a superblock of each version. */
const NAME_AT = { 1: 40, 2: 8 } as const

/**
 * Which version of littlefs seems to be on a device: null for none. Either of the first two blocks may be the one that
 * is whole.
 */
export function littlefsVersion(blockDevice: unknown): 1 | 2 | null {
  const device = new Device(blockDevice)
  if (!device.isExtended) return null
  const start = Buffer.allocUnsafeSlow(SMALLEST_BLOCK)
  for (const block of [0, 1]) {
    try {
      device.readAt(block, 0, start)
    } catch {
      // It may be no device for reads with an offset, or a block may be broken.
      continue
    }
    for (const version of [1, 2] as const) {
      if (start.toString('latin1', NAME_AT[version], NAME_AT[version] + 8) === 'littlefs') return version
    }
  }
  return null
}

/** Does something for which there is no volume yet. */
function attempt<T>(operation: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw described(error, operation)
  }
}

/** What both versions have in common: the methods of a file system. */
abstract class Littlefs implements FileSystem {
  readonly #volume: Volume
  #cwd = '/'

  /** @internal */
  constructor(volume: Volume) {
    this.#volume = volume
  }

  /**
   * What `mount` of the mount table calls.
   *
   * @param readonly whether writing is refused from now on
   * @param _mkfs not used: an object of this class has a file system
   */
  mount(readonly: boolean, _mkfs = false): void {
    if (bool(readonly, 'readonly', false)) this.#volume.flash.readonly = true
  }

  /** What `umount` of the mount table calls: everything is stored. The object can still be used, as on boards. */
  umount(): void {
    this.sync()
  }

  /** Stores what open files still have in memory, and has the device make it permanent. */
  sync(): void {
    this.#volume.sync()
  }

  #path(path: FileName): Path {
    return parsePath(path, this.#cwd)
  }

  /**
   * Opens a file.
   *
   * What is written is stored when the file is closed or flushed, all of it in one step: where the power goes before,
   * the file is what it was. A file may be open more than once, and be removed or renamed meanwhile.
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
   * @throws OSError ENOENT where it is missing or no directory
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
   * The entries of a directory, read as they are asked for.
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
    // What is missing is said now, and not when the first entry is asked for.
    const first = this.#volume.run('ilistdir', place.text, false, () => entries.next())
    return new LittlefsDirectory(this.#volume, place, first, entries, typeof path !== 'string')
  }

  /**
   * Makes a directory.
   *
   * @param path where
   * @throws OSError EEXIST, ENOENT (no directory above), ENOTDIR, ENAMETOOLONG, EROFS, ENOSPC
   */
  mkdir(path: FileName): void {
    const place = this.#path(path)
    this.#volume.run('mkdir', place.text, true, () => this.#volume.mkdir(place))
  }

  /**
   * Removes a file, or, as on boards, an empty directory.
   *
   * @param path which
   * @throws OSError ENOENT, ENOTEMPTY, EACCES (the current directory), EINVAL (the root), EROFS
   */
  remove(path: FileName): void {
    this.#remove(path, 'remove')
  }

  /**
   * Removes an empty directory, or, as on boards, a file.
   *
   * @param path which
   * @throws OSError ENOENT, ENOTEMPTY, EACCES (the current directory), EINVAL (the root), EROFS
   */
  rmdir(path: FileName): void {
    this.#remove(path, 'rmdir')
  }

  #remove(path: FileName, operation: string): void {
    const place = this.#path(path)
    if (place.names.length > 0 && joinPath(place.names) === this.#cwd) throw vfsError('EACCES', operation, place.text)
    this.#volume.run(operation, place.text, true, () => this.#volume.remove(place))
  }

  /**
   * Renames or moves a file or directory. What has the new name already is replaced, in the same step: a file by a
   * file, an empty directory by a directory.
   *
   * @param old_path what
   * @param new_path its new name
   * @throws OSError ENOENT, EISDIR, ENOTDIR, ENOTEMPTY, EINVAL (a directory into itself), ENAMETOOLONG, EROFS, ENOSPC
   */
  rename(old_path: FileName, new_path: FileName): void {
    const from = this.#path(old_path)
    const to = this.#path(new_path)
    const cwd = parsePath(this.#cwd, '/').names
    const isReplaced = to.names.length > 0 && joinPath(to.names) === this.#cwd && joinPath(from.names) !== this.#cwd
    if (isReplaced) throw vfsError('EACCES', 'rename', from.text, to.text)
    this.#volume.run('rename', from.text, true, () => this.#volume.rename(from, to), to.text)
    if (joinPath(from.names) === this.#cwd || isBelow(cwd, from.names)) {
      this.#cwd = joinPath([...to.names, ...cwd.slice(from.names.length)])
    }
  }

  /**
   * The status of a file or directory.
   *
   * @param path which
   * @returns ten numbers; littlefs knows the type, the size, and perhaps one time, which stands for all three
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

/** The entries of a directory. */
class LittlefsDirectory implements DirectoryIterator {
  readonly #volume: Volume
  readonly #path: Path
  readonly #entries: Iterator<ListedEntry, undefined>
  readonly #bytes: boolean
  /** What has been read already. */
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
    const shown = this.#bytes ? Buffer.from(name) : fsdecode(name)
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
 * littlefs of the second version on a block device with the extended protocol: the file system of boards with flash
 * memory. It needs no repair after a power cut, and spreads what it writes over the whole device.
 *
 * To be mounted, or used by its own methods. Paths are text or bytes, with "/" between names; "." and ".." are what
 * they are elsewhere. An open file may be read and written by several file objects; each stores what it has itself.
 *
 * A disk in version 2.0 of the format becomes one in 2.1 at the first write, as with the C library: firmware from before
 * littlefs 2.6 cannot mount it any more.
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
   *   does
   */
  constructor(block_dev: BlockDevice, options: LittlefsOptions = NO_OPTIONS) {
    const { flash, lookahead, cacheSize, mtime } = settings(block_dev, options)
    super(attempt('mount', () => new Volume2(flash, lookahead, cacheSize, mtime)))
  }

  /**
   * Makes an empty file system: what was on the device is lost.
   *
   * @param block_dev the device, of two blocks or more
   * @param options as of the constructor
   * @throws OSError EROFS, ENOSPC; others as the device does
   */
  static mkfs(block_dev: BlockDevice, options: LittlefsOptions = NO_OPTIONS): void {
    const { flash, lookahead } = settings(block_dev, options)
    if (flash.readonly) throw vfsError('EROFS', 'mkfs')
    attempt('mkfs', () => format(new MetadataStore(flash, lookahead, () => {})))
  }
}

/**
 * littlefs of the first version on a block device with the extended protocol, as boards had it before the second. Files
 * have no times. It needs no repair after a power cut either; directories are rewritten whole at each change.
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
   *   does
   */
  constructor(block_dev: BlockDevice, options: LittlefsOptions = NO_OPTIONS) {
    const { flash, lookahead } = settings(block_dev, options)
    super(attempt('mount', () => new Volume1(flash, lookahead)))
  }

  /**
   * Makes an empty file system: what was on the device is lost.
   *
   * @param block_dev the device, of four blocks or more
   * @param options as of the constructor
   * @throws OSError EROFS, ENOSPC; others as the device does
   */
  static mkfs(block_dev: BlockDevice, options: LittlefsOptions = NO_OPTIONS): void {
    const { flash, lookahead } = settings(block_dev, options)
    if (flash.readonly) throw vfsError('EROFS', 'mkfs')
    attempt('mkfs', () => formatFirst(new FirstStore(flash, lookahead, () => {})))
  }
}
