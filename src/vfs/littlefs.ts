import { NotImplementedError } from '../errors.ts'
import type { BlockDevice } from './device.ts'
import type { FileSystem } from './file_system.ts'

/** littlefs, of which there is no implementation here: a program that asks for it can be compiled, and is told so. */

/** What littlefs works with: sizes in bytes. */
export interface LittlefsOptions {
  readonly readsize?: number
  readonly progsize?: number
  readonly lookahead?: number
  /** Whether files have times: of the second version only. */
  readonly mtime?: boolean
}

function absent(name: string): NotImplementedError {
  return new NotImplementedError(`vfs.${name} is not available here, only on MicroPython's boards: littlefs is missing`)
}

/** What both versions have in common: to TypeScript they are file systems, so that `mount` takes them. */
abstract class Littlefs implements FileSystem {
  /**
   * @param _block_dev the device
   * @param _options `readsize`, `progsize`, `lookahead`: sizes in bytes; `mtime`: whether files have times
   * @throws NotImplementedError always
   */
  constructor(_block_dev: BlockDevice, _options?: LittlefsOptions) {
    throw absent(new.target.name)
  }

  /**
   * Would make a file system.
   *
   * @throws NotImplementedError always
   */
  static mkfs(_block_dev: BlockDevice, _options?: LittlefsOptions): void {
    // biome-ignore lint/complexity/noThisInStatic: it is the name of the version that is wanted
    throw absent(this.name)
  }

  /** What `mount` calls of a file system: there is none of these. */
  mount(): void {}
}

/**
 * littlefs of the first version on a block device. It is not implemented here.
 *
 * Availability: MicroPython's boards. See MicroPython, vfs.VfsLfs1.
 * @example
 * ```ts
 * vfs.VfsLfs1.mkfs(new vfs.RamBlockDev(4096, 16)) // throws NotImplementedError
 * ```
 */
export class VfsLfs1 extends Littlefs {}

/**
 * littlefs of the second version on a block device. It is not implemented here.
 *
 * Availability: MicroPython's boards. See MicroPython, vfs.VfsLfs2.
 * @example
 * ```ts
 * vfs.VfsLfs2.mkfs(new vfs.RamBlockDev(4096, 16)) // throws NotImplementedError
 * ```
 */
export class VfsLfs2 extends Littlefs {}
