import { libc } from '../../libc/functions.ts'
import { fsdecode, type Path } from '../../os/arguments/paths.ts'
import { close } from '../../os/descriptors/open_close.ts'
import { getcwd } from '../../os/files/directories.ts'
import { joinPath } from '../../os/system/pathnames.ts'
import { vfsError } from '../errors.ts'
import { openRoot } from './confined.ts'

/**
 * The directory to which a `VfsPosix` is confined. It is open from the start, so that it remains the root even if its
 * path leads elsewhere later.
 */
export class RootDirectory {
  /** Its path when it was opened, for audit events. */
  readonly #path: string
  #fd: number

  /** @throws OSError as for opening the directory */
  constructor(root: Path) {
    const name = fsdecode(root)
    this.#path = name.startsWith('/') ? name : joinPath(getcwd(), name)
    this.#fd = openRoot(name)
    forgotten.register(this, this.#fd, this)
  }

  /**
   * Its descriptor.
   *
   * @throws OSError EBADF after it has been closed
   */
  get fd(): number {
    if (this.#fd === -1) throw vfsError('EBADF', 'VfsPosix', this.#path)
    return this.#fd
  }

  /** The host's path of a path below this directory. ".." does not lead out of it, and links are not followed. */
  hostPath(path: string): string {
    const names: string[] = []
    for (const name of path.split('/')) {
      if (name === '..') names.pop()
      else if (name !== '' && name !== '.') names.push(name)
    }
    return names.length === 0 ? this.#path : joinPath(this.#path, names.join('/'))
  }

  /** Closes it; closing it twice is not an error. */
  close(): void {
    const fd = this.#fd
    this.#fd = -1
    forgotten.unregister(this)
    if (fd !== -1) close(fd)
  }
}

const forgotten: FinalizationRegistry<number> = new FinalizationRegistry((fd) => {
  libc.close(fd)
})
