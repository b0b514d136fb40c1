import { NotImplementedError, quoted, refusePromise, wrongType } from '../errors.ts'
import { constants } from '../libc/facts.ts'
import { bool } from '../os/arguments/numbers.ts'
import { checkOptions } from '../os/arguments/options.ts'
import { type FileName, fsdecode, fsencode } from '../os/arguments/paths.ts'
import { isBlockDevice } from './device.ts'
import { vfsError } from './errors.ts'
import { VfsFat } from './fat/vfs_fat.ts'
import type { VfsFile } from './file.ts'
import {
  ClosableIterator,
  type DirectoryEntry,
  type DirectoryIterator,
  type FileSystem,
  type StatTuple,
  type StatvfsTuple,
} from './file_system.ts'
import { littlefsVersion, VfsLfs1, VfsLfs2 } from './littlefs/vfs_lfs.ts'

/** The root of all paths, where it is not a file system. */
const ROOT: unique symbol = Symbol('the root')
/** The result for a path that no mount point contains. */
const NOT_MOUNTED: unique symbol = Symbol('nowhere')

interface Mount {
  readonly fs: FileSystem
  readonly point: string
}

type ResolvedPath = Mount | typeof ROOT | typeof NOT_MOUNTED

const { S_IFDIR, PATH_MAX } = constants

export interface MountOptions {
  /** Whether writing is refused. */
  readonly readonly?: boolean | undefined
  /** Whether to create a file system where there is none. */
  readonly mkfs?: boolean | undefined
}

/**
 * The mount points and the current directory: MicroPython's virtual file system. A path is resolved against the mount
 * points in the order of mounting, and last against the file system mounted at "/"; the remaining path is passed to
 * that file system.
 */
export class MountTable {
  readonly #mounts: Mount[] = []
  #current: ResolvedPath = ROOT

  /** Mounts the first file system at "/". The current directory is that of the file system. */
  mountFirst(fs: FileSystem): void {
    const root = { fs, point: '/' }
    this.#mounts.push(root)
    this.#current = root
  }

  mount(fsobj: unknown, mountPoint: unknown, options: unknown): void {
    const wanted = checkOptions(options as MountOptions, ['readonly', 'mkfs'])
    const readonly = bool(wanted.readonly, 'readonly', false)
    const mkfs = bool(wanted.mkfs, 'mkfs', false)
    if (typeof mountPoint !== 'string') throw wrongType('mount_point', 'a string', mountPoint)
    if (!/^\/(.*[^/])?$/s.test(mountPoint)) throw vfsError('EINVAL', 'mount', mountPoint)
    const fs = isFileSystem(fsobj) ? fsobj : probe(fsobj)
    // MicroPython mounts first: there a refused mount point leaves a file system read-only, or newly created.
    if (this.#isTaken(mountPoint)) throw vfsError('EPERM', 'mount', mountPoint)
    refusePromise(fs.mount(readonly, mkfs), 'mount')
    // The file system mounted at "/" stays last, because every path matches it.
    const atRoot = this.#mounts.findIndex(({ point }) => point === '/')
    this.#mounts.splice(atRoot === -1 ? this.#mounts.length : atRoot, 0, { fs, point: mountPoint })
  }

  #isTaken(point: string): boolean {
    const [existing] = this.#lookUp(point)
    if (existing === ROOT || existing === NOT_MOUNTED) return false
    return !(point !== '/' && existing.point === '/')
  }

  list(): [FileSystem, string][] {
    return this.#mounts.map(({ fs, point }) => [fs, point])
  }

  umount(mount: unknown): void {
    const index = this.#mounts.findIndex(({ fs, point }) => fs === mount || point === mount)
    const found = this.#mounts[index]
    if (found === undefined) throw vfsError('EINVAL', 'umount', typeof mount === 'string' ? mount : undefined)
    this.#mounts.splice(index, 1)
    if (this.#current === found) this.#current = ROOT
    refusePromise(found.fs.umount?.(), 'umount')
  }

  #atRoot(): Mount | undefined {
    return this.#mounts.find(({ point }) => point === '/')
  }

  #lookUp(path: string): [ResolvedPath, string] {
    if (!path.startsWith('/') && this.#current !== ROOT) return [this.#current, path]
    const absolute = path.startsWith('/') ? path : `/${path}`
    if (absolute === '/') return [ROOT, '']
    for (const mount of this.#mounts) {
      if (mount.point === '/') return [mount, path]
      if (absolute === mount.point) return [mount, '/']
      if (absolute.startsWith(`${mount.point}/`)) return [mount, absolute.slice(mount.point.length)]
    }
    return [NOT_MOUNTED, '']
  }

  /** Calls a method of the file system that a path leads to, with the remaining path. */
  #callFileSystem<Name extends Exclude<keyof FileSystem, 'mount' | 'umount' | 'sync'>>(
    operation: Name,
    place: ResolvedPath,
    ...args: Parameters<NonNullable<FileSystem[Name]>>
  ): ReturnType<NonNullable<FileSystem[Name]>> {
    const path = typeof args[0] === 'string' || args[0] instanceof Uint8Array ? args[0] : undefined
    if (place === NOT_MOUNTED) throw vfsError('ENODEV', operation, path)
    if (place === ROOT) throw vfsError('EPERM', operation, path)
    const method = place.fs[operation] as ((...args: unknown[]) => unknown) | undefined
    if (typeof method !== 'function') {
      throw new NotImplementedError(`the file system mounted at ${quoted(place.point)} has no "${operation}"`)
    }
    const result = method.apply(place.fs, args)
    refusePromise(result, operation)
    return result as ReturnType<NonNullable<FileSystem[Name]>>
  }

  open(path: FileName, mode: string): VfsFile<string> | VfsFile<Buffer> {
    const [place, rest] = this.#lookUp(fsdecode(path))
    return this.#callFileSystem('open', place, rest, mode) as VfsFile<string>
  }

  chdir(path: FileName): void {
    const [place, rest] = this.#lookUp(fsdecode(path))
    if (place !== ROOT) this.#callFileSystem('chdir', place, rest)
    else {
      // Paths without a slash are relative to the root now, also those of the file system mounted there.
      const root = this.#atRoot()
      if (root !== undefined) this.#callFileSystem('chdir', root, '/')
    }
    this.#current = place
  }

  getcwd(): string {
    if (this.#current === ROOT || this.#current === NOT_MOUNTED) return '/'
    const directory = this.#callFileSystem('getcwd', this.#current)
    if (this.#current.point === '/') return directory
    return directory === '/' ? this.#current.point : this.#current.point + directory
  }

  ilistdir(path: FileName): DirectoryIterator {
    const [place, rest] = this.#lookUp(fsdecode(path))
    const asBytes = typeof path !== 'string'
    if (place === ROOT) return new ClosableIterator(this.#listRoot(asBytes))
    return new ClosableIterator(this.#callFileSystem('ilistdir', place, asBytes ? fsencode(rest) : rest))
  }

  *#listRoot(asBytes: boolean): IterableIterator<DirectoryEntry> {
    for (const { point } of [...this.#mounts]) {
      if (point !== '/') yield [asBytes ? fsencode(point.slice(1)) : point.slice(1), S_IFDIR, 0]
    }
    const root = this.#atRoot()
    if (root !== undefined) yield* this.#callFileSystem('ilistdir', root, asBytes ? fsencode('/') : '/')
  }

  mkdir(path: FileName): void {
    const [place, rest] = this.#lookUp(fsdecode(path))
    if (place === ROOT || (place !== NOT_MOUNTED && rest === '/')) throw vfsError('EEXIST', 'mkdir', path)
    this.#callFileSystem('mkdir', place, rest)
  }

  remove(path: FileName): void {
    const [place, rest] = this.#lookUp(fsdecode(path))
    this.#callFileSystem('remove', place, rest)
  }

  rmdir(path: FileName): void {
    const [place, rest] = this.#lookUp(fsdecode(path))
    this.#callFileSystem('rmdir', place, rest)
  }

  rename(oldPath: FileName, newPath: FileName): void {
    const [from, oldRest] = this.#lookUp(fsdecode(oldPath))
    const [to, newRest] = this.#lookUp(fsdecode(newPath))
    if (from !== to) throw vfsError('EPERM', 'rename', oldPath, newPath)
    this.#callFileSystem('rename', from, oldRest, newRest)
  }

  stat(path: FileName): StatTuple {
    const [place, rest] = this.#lookUp(fsdecode(path))
    if (place === ROOT) return [S_IFDIR, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    return this.#callFileSystem('stat', place, rest)
  }

  statvfs(path: FileName): StatvfsTuple {
    const [place, rest] = this.#lookUp(fsdecode(path))
    if (place !== ROOT) return this.#callFileSystem('statvfs', place, rest)
    const root = this.#atRoot()
    return root === undefined ? [0, 0, 0, 0, 0, 0, 0, 0, 0, PATH_MAX] : this.#callFileSystem('statvfs', root, '/')
  }

  /** Syncs every file system that has a `sync` method. The first error is thrown after all have been synced. */
  sync(): void {
    const failures: unknown[] = []
    for (const { fs } of this.#mounts) {
      try {
        refusePromise(fs.sync?.(), 'sync')
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

function isFileSystem(value: unknown): value is FileSystem {
  return typeof (value as FileSystem | null | undefined)?.mount === 'function'
}

/** Detects the file system on a block device: littlefs by its magic string, otherwise FAT. */
function probe(device: unknown): FileSystem {
  if (!isBlockDevice(device)) throw wrongType('fsobj', 'a file system or a block device', device)
  const version = littlefsVersion(device)
  return version === 2 ? new VfsLfs2(device) : version === 1 ? new VfsLfs1(device) : new VfsFat(device)
}
