import { osError } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { address, SCRATCH_SIZE } from '../libc/memory.ts'
import { addEntries, preparedOpenDirectory } from '../os/directory_stream.ts'
import { modeIn, preparedMode } from '../os/file_type.ts'
import type { FileName } from '../os/names.ts'
import type { Prepared } from '../os/prepared.ts'
import { isUnclear, type Listing } from '../os/walk.ts'
import { type Outcome, onPool } from './on_pool.ts'
import { OPENED } from './open_files.ts'

/** Reading directories on the pool: what `listdir`, `scandir` and the walks have in common. */

const { AT_FDCWD, DT_DIR, S_IFDIR, S_IFMT } = constants

/**
 * Opens a directory for reading its entries.
 *
 * No signal stops this, nor what follows: whoever is aborted meanwhile closes the directory when it is done, for a number
 * that is closed too early could mean another file by the time the pool gets to it.
 */
export function openDirectory(syscall: string, at: number, path: FileName, flags = 0): Promise<number> {
  return onPool(preparedOpenDirectory(syscall, at, path, flags), OPENED)
}

/** Reads some more entries, as `readEntries` does; false at the end. */
export function readMore(
  syscall: string,
  fd: number,
  path: FileName | number,
  names: string[],
  types: number[],
  inodes?: (number | bigint)[],
): Promise<boolean> {
  const call: Prepared<'getdents64'> = { name: 'getdents64', args: [fd, address, SCRATCH_SIZE], syscall, file: path }
  return onPool(call, {
    output: -1,
    result(size) {
      addEntries(Number(size), names, types, inodes)
      return Number(size) > 0
    },
    failure(errno) {
      // The directory has been removed: to POSIX, and so to readdir(3) and CPython, that is its end.
      if (errno === errnoNumbers.ENOENT) return false
      throw osError(errno, syscall, path)
    },
  })
}

const IS_DIRECTORY: Outcome<boolean> = {
  output: structs.stat.size,
  result: () => (modeIn() & S_IFMT) === S_IFDIR,
  failure: () => false,
}

const MODE_OR_ERRNO: Outcome<number> = {
  output: structs.stat.size,
  result: () => modeIn(),
  failure: (errno) => -errno,
}

/** The type and permissions of a file, or a negative error number. */
export function modeOrErrno(file: FileName, flags = 0, at: number = AT_FDCWD, signal?: AbortSignal): Promise<number> {
  return onPool(preparedMode(file, flags, at), MODE_OR_ERRNO, signal)
}

/** Lists an open directory for a walk; `path` is for errors. It stops between two steps once the signal is aborted. */
export async function list(fd: number, path: string, signal: AbortSignal | undefined): Promise<Listing> {
  const names: string[] = []
  const types: number[] = []
  while (await readMore('scandir', fd, path, names, types)) signal?.throwIfAborted()
  const answers = await Promise.all(
    names.map((name, index) =>
      isUnclear(types[index] as number) ? onPool(preparedMode(name, 0, fd), IS_DIRECTORY) : null,
    ),
  )
  const directories: string[] = []
  const others: string[] = []
  for (const [index, name] of names.entries()) {
    if (answers[index] ?? types[index] === DT_DIR) directories.push(name)
    else others.push(name)
  }
  return { directories, others }
}

/** Closes a directory: no call to wait for, as nothing was written. */
export function closeDirectory(fd: number): void {
  libc.close(fd)
}
