import * as os from '../../os/files/rename_remove.ts'
import { NOTHING, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

/**
 * renameat(2): `os.rename` on the thread pool. Renames a file or directory atomically.
 * @example
 * ```ts
 * os.mkdir('old')
 * await promises.rename('old', 'new')
 * os.listdir() // => ['new']
 * ```
 */
export const rename: Twin<typeof os.rename> = twin(os.rename, os.preparedRename, NOTHING)

/**
 * renameat(2): `os.replace` on the thread pool. Renames, and replaces an existing destination, on every platform.
 * @example
 * ```ts
 * os.close(os.open('settings.tmp', os.O_CREAT))
 * await promises.replace('settings.tmp', 'settings')
 * os.listdir() // => ['settings']
 * ```
 */
export const replace: Twin<typeof os.replace> = twin(os.replace, os.preparedReplace, NOTHING)

/**
 * unlinkat(2): `os.remove` on the thread pool. Removes a file's name.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * await promises.remove('file')
 * await promises.remove('file') // throws FileNotFoundError
 * ```
 */
export const remove: Twin<typeof os.remove> = twin(os.remove, os.preparedRemove, NOTHING)

/**
 * unlinkat(2): `os.unlink` on the thread pool. The same as `remove`, under its Unix name.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * await promises.unlink('file')
 * os.listdir() // => []
 * ```
 */
export const unlink: Twin<typeof os.unlink> = twin(os.unlink, os.preparedUnlink, NOTHING)
