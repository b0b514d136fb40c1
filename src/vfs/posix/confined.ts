import { failed, lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { has, libc } from '../../libc/functions.ts'
import { addressOf, ownMemory } from '../../libc/memory.ts'
import { cString, type FileName } from '../../os/arguments/paths.ts'
import { close, open } from '../../os/descriptors/open_close.ts'
import { readlink } from '../../os/files/links.ts'
import { fstat } from '../../os/files/status.ts'

/** Opens files below a directory. Neither "..", nor links, nor concurrent renames can lead out of it. */

const { O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_PATH, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS } =
  constants
const { S_IFDIR, S_IFLNK, S_IFMT } = constants
const { ELOOP, EAGAIN, EINTR, ENOSYS, ENOTDIR, EPERM } = errnoNumbers

const HOW = structs.open_how
const how = ownMemory(HOW.size)
const howAddress = addressOf(how)

/** The kernel's limit of links in a path (MAXSYMLINKS). */
const MAX_LINKS = 40
/** How often an open is repeated that a concurrent rename has disturbed (EAGAIN). */
const MAX_TRIES = 100

/** Whether the kernel has openat2 (Linux 5.6): undefined before the first call. */
let hasOpenat2: boolean | undefined

/**
 * openat2(2): opens a file as if `root` were the root directory, for "..", absolute paths and links.
 *
 * @param root descriptor of a directory
 * @param path any path
 * @param flags O_*; O_CLOEXEC is added
 * @param mode permission bits of a new file
 * @param mode permission bits of a file that is made
 * @returns the descriptor
 *
 * It raises no audit event, since it does not know the path of the directory.
 */
export function openConfined(syscall: string, root: number, path: string, flags: number, mode = 0): number {
  hasOpenat2 ??= has('openat2')
  if (hasOpenat2) {
    const fd = openByOpenat2(syscall, root, path, flags, mode)
    if (fd !== null) return fd
    hasOpenat2 = false
  }
  return openByName(syscall, root, path, flags, mode)
}

function openByOpenat2(syscall: string, root: number, path: string, flags: number, mode: number): number | null {
  const name = cString(path, 'path')
  how.fill(0)
  how.writeBigUInt64LE(BigInt((flags | O_CLOEXEC) >>> 0), HOW.offsets.flags)
  how.writeBigUInt64LE(BigInt((flags & O_CREAT) === 0 ? 0 : mode), HOW.offsets.mode)
  how.writeBigUInt64LE(BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), HOW.offsets.resolve)
  for (let tries = 0; ; tries++) {
    const fd = libc.openat2(root, name, howAddress, HOW.size)
    if (fd !== -1) return fd
    const errno = lastErrno()
    if (errno === ENOSYS) return null
    // A sandbox may forbid unknown system calls with EPERM, which is also an error of openat2 itself: opening name by
    // name gives the right result in both cases.
    if (errno === EPERM) return openByName(syscall, root, path, flags, mode)
    const again = errno === EINTR || (errno === EAGAIN && tries < MAX_TRIES)
    if (!again) throw osError(errno, syscall, path)
  }
}

/**
 * The same, name by name, for kernels without openat2: no step follows a link, and each directory of the path stays
 * open until the end, so that ".." is the directory that was passed.
 */
export function openByName(syscall: string, root: number, path: string, flags: number, mode: number): number {
  const opened: number[] = []
  // The next name is the last one.
  const names = namesOf(path)
  if (path.endsWith('/') && names.length > 0) names.unshift('.')
  let links = 0
  try {
    for (;;) {
      const name = names.pop() ?? '.'
      const at = opened.at(-1) ?? root
      if (name === '..') {
        const left = opened.pop()
        if (left !== undefined) close(left)
        if (names.length > 0) continue
      }
      const last = names.length === 0
      const here = name === '..' ? (opened.at(-1) ?? root) : at
      const target = name === '..' ? '.' : name
      if (last && !followsLink(here, target, flags))
        return openAt(syscall, here, target, flags | O_NOFOLLOW, mode, path)
      const fd = openAt(syscall, here, target, O_PATH | O_NOFOLLOW, 0, path)
      opened.push(fd)
      const type = fstat(fd).st_mode & S_IFMT
      if (type === S_IFDIR) continue
      if (type !== S_IFLNK) throw osError(ENOTDIR, syscall, path)
      const link = readlink(target, { dir_fd: here })
      opened.pop()
      close(fd)
      if (++links > MAX_LINKS) throw osError(ELOOP, syscall, path)
      if (link.startsWith('/')) for (const left of opened.splice(0)) close(left)
      names.push(...namesOf(link))
    }
  } finally {
    for (const fd of opened) close(fd)
  }
}

/** Whether opening the last name has to follow a link. */
function followsLink(at: number, name: string, flags: number): boolean {
  if ((flags & O_NOFOLLOW) !== 0 || ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0)) return false
  try {
    const fd = openAt('open', at, name, O_PATH | O_NOFOLLOW, 0, name)
    try {
      return (fstat(fd).st_mode & S_IFMT) === S_IFLNK
    } finally {
      close(fd)
    }
  } catch {
    // The name is missing or not accessible: the open that follows reports the error.
    return false
  }
}

/** The names in a path, in reverse order. */
function namesOf(path: string): string[] {
  return path
    .split('/')
    .filter((name) => name !== '')
    .reverse()
}

/** openat(2) without an audit event. @param path the path for errors */
function openAt(syscall: string, at: number, name: string, flags: number, mode: number, path: string): number {
  const file = cString(name, 'path')
  let fd: number
  while ((fd = libc.openat(at, file, flags | O_CLOEXEC, mode)) === -1) failed(syscall, path)
  return fd
}

/** Opens the root directory. */
export function openRoot(path: FileName): number {
  return open(path, O_PATH | O_DIRECTORY)
}
