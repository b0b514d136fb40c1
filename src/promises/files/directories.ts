import { FileExistsError, OSError } from '../../errors.ts'
import { throwIfAborted } from '../../event_loop/on_abort.ts'
import { constants } from '../../libc/facts.ts'
import type { FileName, Path } from '../../os/arguments/paths.ts'
import * as os from '../../os/files/directories.ts'
import { preparedRename } from '../../os/files/rename_remove.ts'
import { splitPath } from '../../os/system/pathnames.ts'
import { NOTHING, named, onPool, takeSignal, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'
import { modeOrErrno } from './directory_stream.ts'

const { AT_FDCWD, S_IFDIR, S_IFMT } = constants

/**
 * mkdirat(2): `os.mkdir` on the thread pool. Creates a directory.
 * @example
 * ```ts
 * await promises.mkdir('folder', 0o700)
 * await promises.mkdir('folder') // throws FileExistsError
 * ```
 */
export const mkdir: Twin<typeof os.mkdir> = twin(os.mkdir, os.preparedMkdir, NOTHING)

/**
 * unlinkat(2): `os.rmdir` on the thread pool. Removes an empty directory.
 * @example
 * ```ts
 * await promises.mkdir('folder')
 * await promises.rmdir('folder')
 * await promises.rmdir('folder') // throws FileNotFoundError
 * ```
 */
export const rmdir: Twin<typeof os.rmdir> = twin(os.rmdir, os.preparedRmdir, NOTHING)

/**
 * `os.makedirs` on the thread pool. Creates a directory and its missing parents. After an abort the directories that it
 * has created remain.
 * @example
 * ```ts
 * await promises.makedirs('a/b/c')
 * await promises.makedirs('a/b/c', { exist_ok: true })
 * os.listdir('a/b') // => ['c']
 * ```
 */
export const makedirs: Twin<typeof os.makedirs> = named(os.makedirs, async (...given) => {
  const signal = takeSignal(given)
  const { directory, mode, existOk } = os.checkedMakedirs(...(given as Parameters<typeof os.checkedMakedirs>))
  await makeAll(directory, mode, existOk, signal)
})

async function makeAll(name: FileName, mode: number, existOk: boolean, signal: AbortSignal | undefined): Promise<void> {
  const [head, tail] = os.splitLastComponent(name)
  if (head.length > 0 && tail.length > 0 && os.isMissing(await modeOrErrno(head, 0, AT_FDCWD, signal))) {
    try {
      await makeAll(head, 0o777, existOk, signal)
    } catch (error) {
      throwIfAborted(signal)
      // Another process has created the directory meanwhile.
      if (!(error instanceof FileExistsError)) throw error
    }
    // "a/b/." exists once "a/b" has been created.
    if (os.isCurrentDirectory(tail)) return
  }
  try {
    await onPool(os.preparedMkdir(name, mode), NOTHING, signal)
  } catch (error) {
    // Not only EEXIST: for an existing directory a read-only file system may report EROFS.
    if (!(error instanceof OSError) || !existOk) throw error
    const found = await modeOrErrno(name, 0, AT_FDCWD, signal)
    if (found < 0 || (found & S_IFMT) !== S_IFDIR) throw error
  }
}

/**
 * `os.removedirs` on the thread pool. Removes an empty directory, and then its parents as long as they are empty.
 * @example
 * ```ts
 * await promises.makedirs('a/b/c')
 * await promises.removedirs('a/b/c')
 * os.listdir() // => []
 * ```
 */
export const removedirs: Twin<typeof os.removedirs> = named(os.removedirs, async (...given) => {
  const signal = takeSignal(given)
  const directory = os.checkedName(given[0] as Path, 'name')
  await onPool(os.preparedRmdir(directory), NOTHING, signal)
  await removeEmptyAbove(directory, signal)
})

async function removeEmptyAbove(path: FileName, signal: AbortSignal | undefined): Promise<void> {
  for (const directory of os.directoriesAbove(path)) {
    try {
      await onPool(os.preparedRmdir(directory), NOTHING, signal)
    } catch (error) {
      throwIfAborted(signal)
      if (error instanceof OSError) return
      throw error
    }
  }
}

/**
 * `os.renames` on the thread pool. Renames a file or directory, creates the directories that the new name needs, and
 * removes those that the old name leaves empty. After an abort the steps that it has completed remain.
 * @example
 * ```ts
 * await promises.makedirs('old/place')
 * await promises.renames('old/place', 'another/place')
 * os.listdir() // => ['another']
 * ```
 */
export const renames: Twin<typeof os.renames> = named(os.renames, async (...given) => {
  const signal = takeSignal(given)
  const [from, to] = os.checkedRenames(given[0] as Path, given[1] as Path)
  const [head, tail] = splitPath(to)
  if (head.length > 0 && tail.length > 0 && os.isMissing(await modeOrErrno(head, 0, AT_FDCWD, signal))) {
    await makeAll(head, 0o777, false, signal)
  }
  await onPool(preparedRename(from, to), NOTHING, signal)
  const [oldHead, oldTail] = splitPath(from)
  if (oldHead.length > 0 && oldTail.length > 0) await removeEmptyAbove(from, signal)
})
