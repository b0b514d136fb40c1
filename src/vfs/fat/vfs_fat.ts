import * as FF from 'js-fatfs'
import { badValue } from '../../errors.ts'
import { constants } from '../../libc/facts.ts'
import { bool } from '../../os/arguments/numbers.ts'
import { type FileName, fsdecode } from '../../os/arguments/paths.ts'
import type { BlockDevice } from '../device.ts'
import { vfsError } from '../errors.ts'
import { openMode, VfsFile } from '../file.ts'
import type { DirectoryEntry, DirectoryIterator, FileSystem, StatTuple, StatvfsTuple } from '../file_system.ts'
import { isSafeName, warnOfName } from '../names.ts'
import { OpenFiles } from './file.ts'
import { formatFat, type MkfsOptions, readLabel } from './format.ts'
import { FatVolume } from './volume.ts'

const { S_IFDIR, S_IFREG } = constants

/** The maximal length of a name, in characters. */
const NAME_MAX = 255
/**
 * Characters that are not allowed in names on FAT. FatFs ends the path at a control character, and the name at U+FFFF:
 * the path would lead to another file.
 */
const FORBIDDEN = /[\x01-\x1f"*:<>?|\x7f\uffff]/
const BACKSLASH = 0x5c
/** Offset in DIR of the directory's first cluster, which identifies the directory. */
const DIRECTORY_CLUSTER = 8
/** The root has no directory entry, and so no time. MicroPython reports this one. */
const ROOT_TIME: number = new Date(2000, 0, 1).getTime() / 1000

/**
 * A FAT file system on a block device: FAT12, FAT16 or FAT32 with long names, on the whole device or in the first
 * partition of a master boot record. It uses ChaN's FatFs, as MicroPython boards do.
 *
 * It can be mounted, or used by its own methods. Paths are text or bytes in UTF-8, with "/" between names; "." and ".."
 * have their usual meaning. A file may be open for any number of readers or for one writer, and can be neither removed
 * nor renamed while it is open (EBUSY).
 *
 * See OpenMV, os.VfsFat; MicroPython, vfs.VfsFat.
 * @example
 * ```ts
 * const card = new vfs.RamBlockDev(512, 2048)
 * vfs.VfsFat.mkfs(card)
 * const fs = new vfs.VfsFat(card)
 * fs.mkdir('photos')
 * Array.from(fs.ilistdir(), ([name]) => name) // => ['photos']
 * ```
 */
export class VfsFat implements FileSystem {
  readonly #volume: FatVolume
  readonly #files: OpenFiles
  #formatted: boolean
  #cwd = '/'
  readonly #blockDevice: BlockDevice

  /**
   * @param block_dev the device
   * @throws OSError as the device reports. A device without a file system is not an error until it is mounted or used
   */
  constructor(block_dev: BlockDevice) {
    this.#blockDevice = block_dev
    this.#volume = new FatVolume(block_dev)
    this.#files = new OpenFiles(this.#volume)
    this.#formatted = this.#volume.mount()
  }

  /**
   * Creates a FAT file system on a device. All data on the device is lost.
   *
   * @param block_dev the device, of 40 blocks or more
   * @param options `label`; `fat`: 32 for FAT32 on a small device, 16 to refuse it on a large one
   * @throws OSError EROFS, ENOSPC for a device that is too small, EIO where the kind of FAT does not support its size
   */
  static mkfs(block_dev: BlockDevice, options?: MkfsOptions): void {
    formatFat(block_dev, options)
  }

  /** The volume's label; null where it has none. */
  get label(): string | null {
    this.#ready('label')
    return readLabel(this.#volume.device, this.#volume.geometry())
  }

  /**
   * Called by `mount` of the mount table.
   *
   * @param readonly whether writing is refused from now on
   * @param mkfs whether to create a file system where there is none
   * @throws OSError ENODEV where there is no file system
   */
  mount(readonly: boolean, mkfs = false): void {
    const refuse = bool(readonly, 'readonly', false)
    if (!this.#formatted && bool(mkfs, 'mkfs', false)) {
      formatFat(this.#blockDevice)
      this.#formatted = this.#volume.mount()
    }
    this.#ready('mount')
    if (refuse) this.#volume.readonly = true
  }

  /**
   * Called by `umount` of the mount table: stores all data. As in MicroPython, the object can still be used afterwards.
   */
  umount(): void {
    if (this.#formatted) this.sync()
  }

  /** Stores the buffered data of open files, and syncs the device. */
  sync(): void {
    this.#ready('sync')
    if (this.#volume.readonly) return
    this.#files.sync()
    this.#volume.sync('sync')
  }

  #ready(operation: string, path?: string): void {
    if (!this.#formatted) throw vfsError('ENODEV', operation, path)
  }

  /** The absolute path without "." and "..". */
  #absolute(path: FileName, operation: string): string {
    const text = fsdecode(path)
    this.#ready(operation, text)
    if (text.includes('\0')) throw badValue('path', 'must not contain a NUL', text)
    if (FORBIDDEN.test(text) || !text.isWellFormed()) throw vfsError('EINVAL', operation, text)
    const from = /^[/\\]/.test(text) ? '' : this.#cwd
    const names: string[] = []
    for (const name of `${from}/${text}`.split(/[/\\]/)) {
      if (name === '..') names.pop()
      else if (name !== '' && name !== '.') names.push(name)
    }
    return `/${names.join('/')}`
  }

  /**
   * Opens a file.
   *
   * @param path the file
   * @param mode 'r', 'w', 'a' or 'x', with '+', 'b' or 't'; 'r' by default
   * @returns the file object
   * @throws OSError ENOENT, EEXIST, EACCES (a directory, or a read-only file), EROFS, EBUSY (open already), ENOSPC
   */
  open(path: FileName, mode: `${string}b${string}`): VfsFile<Buffer>
  open(path: FileName, mode?: string): VfsFile<string>
  open(path: FileName, mode = 'r'): VfsFile<string> | VfsFile<Buffer> {
    const wanted = openMode(mode)
    const absolute = this.#absolute(path, 'open')
    const raw = this.#files.open(absolute, wanted)
    return wanted.binary ? new VfsFile<Buffer>(raw, absolute, mode) : new VfsFile<string>(raw, absolute, mode)
  }

  /**
   * Changes the current directory of this file system.
   *
   * @param path the directory
   * @throws OSError ENOENT where it is missing or not a directory
   */
  chdir(path: FileName): void {
    const absolute = this.#absolute(path, 'chdir')
    this.#clusterOf(absolute, 'chdir')
    this.#cwd = this.#storedSpelling(absolute)
  }

  /** The current directory of this file system, from its own root, with names spelled as on the disk. */
  getcwd(): string {
    return this.#cwd
  }

  /** The path with names spelled as on the disk: FAT lookups ignore case and also accept short names. */
  #storedSpelling(absolute: string): string {
    let spelled = ''
    for (const name of absolute.split('/').filter((part) => part !== '')) {
      spelled = `${spelled}/${this.#storedSpellingIn(spelled || '/', name)}`
    }
    return spelled || '/'
  }

  #storedSpellingIn(directory: string, name: string): string {
    const wanted = upperCase(name)
    using entries = new FatDirectory(this.#volume, directory, false)
    for (const [entry] of entries as Iterable<DirectoryEntry<string>>) {
      if (upperCase(entry) === wanted || this.#volume.infoShortName().toString() === wanted) return entry
    }
    return name
  }

  /** The first cluster of a directory, 0 for the root. */
  #clusterOf(absolute: string, operation: string): number {
    const directory = this.#volume.allocate(FF.sizeof_DIR)
    try {
      this.#volume.call(operation, absolute, (f) => f.f_opendir(directory, this.#volume.pathAt(absolute)))
      const cluster = this.#volume.uint32(directory + DIRECTORY_CLUSTER)
      this.#volume.call(operation, absolute, (f) => f.f_closedir(directory))
      return cluster
    } finally {
      this.#volume.free(directory)
    }
  }

  /**
   * The entries of a directory, which are read on demand.
   *
   * @param path the directory, the current one by default
   * @returns tuples of name, type (0x4000 for a directory, 0x8000 for a file), 0 and size; names are bytes where `path`
   *   is bytes
   * @throws OSError ENOENT where it is missing or not a directory
   */
  ilistdir(path: Uint8Array): DirectoryIterator<Buffer>
  ilistdir(path?: string): DirectoryIterator<string>
  ilistdir(path: FileName): DirectoryIterator
  ilistdir(path: FileName = ''): DirectoryIterator {
    const absolute = this.#absolute(path, 'ilistdir')
    return new FatDirectory(this.#volume, absolute, typeof path !== 'string')
  }

  /**
   * Creates a directory.
   *
   * @param path the new directory
   * @throws OSError EEXIST, ENOENT (the parent is missing), EROFS, ENOSPC as EACCES
   */
  mkdir(path: FileName): void {
    const absolute = this.#absolute(path, 'mkdir')
    if (absolute === '/') throw vfsError('EEXIST', 'mkdir', absolute)
    this.#volume.change('mkdir', 'create', null, () => {
      this.#volume.call('mkdir', absolute, (f) => f.f_mkdir(this.#volume.pathAt(absolute)))
    })
  }

  /**
   * Removes a file.
   *
   * @param path the file
   * @throws OSError ENOENT, EISDIR, EACCES (a read-only file), EBUSY (an open one), EROFS
   */
  remove(path: FileName): void {
    const absolute = this.#absolute(path, 'remove')
    if (this.#isDirectory(absolute, 'remove')) throw vfsError('EISDIR', 'remove', absolute)
    this.#unlink(absolute, 'remove')
  }

  /**
   * Removes an empty directory.
   *
   * @param path the directory
   * @throws OSError ENOENT, ENOTDIR, EACCES (not empty, or the current one), EROFS
   */
  rmdir(path: FileName): void {
    const absolute = this.#absolute(path, 'rmdir')
    if (!this.#isDirectory(absolute, 'rmdir')) throw vfsError('ENOTDIR', 'rmdir', absolute)
    if (absolute === '/' || this.#clusterOf(absolute, 'rmdir') === this.#clusterOf(this.#cwd, 'rmdir')) {
      throw vfsError('EACCES', 'rmdir', absolute)
    }
    this.#unlink(absolute, 'rmdir')
  }

  #isDirectory(absolute: string, operation: string): boolean {
    if (absolute === '/') return true
    this.#volume.call(operation, absolute, (f) => f.f_stat(this.#volume.pathAt(absolute), this.#volume.info))
    return this.#volume.infoIsDirectory()
  }

  #unlink(absolute: string, operation: string): void {
    this.#files.checkNotInUse(operation, absolute, true)
    this.#volume.change(operation, 'remove', null, () => {
      this.#volume.call(operation, absolute, (f) => f.f_unlink(this.#volume.pathAt(absolute)))
    })
  }

  /**
   * Renames or moves a file or directory. An existing file of the new name is removed first: FAT cannot replace it
   * atomically.
   *
   * @param old_path the file or directory
   * @param new_path its new name
   * @throws OSError ENOENT, EISDIR (the new name is that of a directory), EINVAL (a directory into itself), EBUSY,
   *   EROFS
   */
  rename(old_path: FileName, new_path: FileName): void {
    const from = this.#absolute(old_path, 'rename')
    const to = this.#absolute(new_path, 'rename')
    const cwdBelow = this.#isDirectory(from, 'rename') ? this.#checkNotIntoItself(from, to) : null
    this.#files.checkNotInUse('rename', from, true)
    if (this.#volume.change('rename', 'create', null, () => this.#rename(from, to)) === FF.FR_EXIST) {
      if (this.#isDirectory(to, 'rename')) throw vfsError('EISDIR', 'rename', from, to)
      this.#volume.change('rename', 'replace', null, () => {
        this.#unlink(to, 'rename')
        this.#volume.check(this.#rename(from, to), 'rename', from, to)
      })
    }
    if (cwdBelow !== null) this.#cwd = this.#storedSpelling(to) + cwdBelow
  }

  #rename(from: string, to: string): number {
    const volume = this.#volume
    const result = volume.result('rename', (f) => f.f_rename(volume.pathAt(from), volume.secondPathAt(to)))
    if (result !== FF.FR_EXIST) volume.check(result, 'rename', from, to)
    return result
  }

  /**
   * Refuses to move a directory into itself: FatFs would do it, and the directory would become unreachable.
   *
   * @returns the path of the current directory relative to that directory, null where it is not below it
   */
  #checkNotIntoItself(from: string, to: string): string | null {
    if (from === '/') throw vfsError('EINVAL', 'rename', from, to)
    const cluster = this.#clusterOf(from, 'rename')
    if (this.#relativeTo(cluster, to.slice(0, to.lastIndexOf('/'))) !== null)
      throw vfsError('EINVAL', 'rename', from, to)
    return this.#relativeTo(cluster, this.#cwd)
  }

  /**
   * The part of a path after the directory with the given first cluster; null where the path does not contain that
   * directory.
   */
  #relativeTo(cluster: number, path: string): string | null {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const above = path.slice(0, end)
      if (above !== '/' && this.#clusterOf(above, 'rename') === cluster) return path.slice(end)
    }
    return null
  }

  /**
   * The status of a file or directory.
   *
   * @param path the file or directory
   * @returns ten numbers; FAT has the type, the size and one time, which is used for all three
   * @throws OSError ENOENT
   */
  stat(path: FileName): StatTuple {
    const absolute = this.#absolute(path, 'stat')
    if (absolute === '/') return [S_IFDIR, 0, 0, 0, 0, 0, 0, ROOT_TIME, ROOT_TIME, ROOT_TIME]
    const mode = this.#isDirectory(absolute, 'stat') ? S_IFDIR : S_IFREG
    const time = this.#volume.infoTime()
    return [mode, 0, 0, 0, 0, 0, this.#volume.infoSize(), time, time, time]
  }

  /**
   * The status of the file system.
   *
   * @param path any path on it
   * @returns ten numbers: sizes and counts in clusters
   */
  statvfs(path: FileName = ''): StatvfsTuple {
    const absolute = this.#absolute(path, 'statvfs')
    const volume = this.#volume
    const pointer = volume.allocate(4)
    try {
      volume.call('statvfs', absolute, (f) => f.f_getfree(volume.pathAt('/'), volume.countAt, pointer))
    } finally {
      volume.free(pointer)
    }
    const free = volume.counted
    const { clusterBytes } = volume
    return [clusterBytes, clusterBytes, volume.geometry().fatEntries - 2, free, free, 0, 0, 0, 0, NAME_MAX]
  }
}

/** Converts a name as FAT compares names: character by character, each to a single one. */
function upperCase(name: string): string {
  return name.replace(/./gsu, (character) => {
    const upper = character.toUpperCase()
    return upper.length === character.length ? upper : character
  })
}

const forgotten: FinalizationRegistry<() => void> = new FinalizationRegistry((release) => release())

/** Iterates over the entries of a directory. Each sector is read once. */
class FatDirectory implements DirectoryIterator {
  readonly #volume: FatVolume
  readonly #path: string
  readonly #bytes: boolean
  #directory: number

  constructor(volume: FatVolume, path: string, bytes: boolean) {
    this.#volume = volume
    this.#path = path
    this.#bytes = bytes
    const directory = volume.allocate(FF.sizeof_DIR)
    this.#directory = directory
    try {
      volume.call('ilistdir', path, (f) => f.f_opendir(directory, volume.pathAt(path)))
    } catch (error) {
      volume.free(directory)
      throw error
    }
    forgotten.register(this, () => volume.free(directory), this)
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<DirectoryEntry, undefined> {
    if (this.#directory === 0) return { done: true, value: undefined }
    const volume = this.#volume
    let name = this.#read()
    for (; name.length > 0 && !isSafeName(name, BACKSLASH); name = this.#read()) warnOfName(name, this.#path)
    if (name.length === 0) return this.return()
    const type = volume.infoIsDirectory() ? S_IFDIR : S_IFREG
    return { done: false, value: [this.#bytes ? name : name.toString(), type, 0, volume.infoSize()] }
  }

  /** Reads the next name; empty at the end. */
  #read(): Buffer {
    try {
      this.#volume.call('ilistdir', this.#path, (f) => f.f_readdir(this.#directory, this.#volume.info))
    } catch (error) {
      this.close()
      throw error
    }
    return this.#volume.infoName()
  }

  return(): IteratorResult<DirectoryEntry, undefined> {
    this.close()
    return { done: true, value: undefined }
  }

  close(): void {
    if (this.#directory === 0) return
    this.#volume.free(this.#directory)
    this.#directory = 0
    forgotten.unregister(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
