import { bytesOfString } from './c_strings.ts'
import { clearErrno, lastErrno, osError } from './call.ts'
import { errnoNumbers, structs } from './facts.ts'
import { type Address, type CString, libc } from './functions.ts'
import { addressOf, SCRATCH_SIZE } from './memory.ts'
import { stringsOf } from './string_array.ts'

/**
 * The user and group databases (passwd, group, and what nsswitch.conf(5) adds).
 *
 * Single entries are looked up by getpwnam_r(3) and its like, since getpwnam returns memory that all threads share.
 */

const { EINTR, ERANGE } = errnoNumbers
const PASSWD = structs.passwd
const GROUP = structs.group
/** The size of a pointer: that to the entry found is stored behind the entry. */
const POINTER = 8
/** The largest memory that is tried for the strings of one entry: a group can have very many members. */
const MAX_STRINGS = 2 ** 28

/** An entry of the user database. A string that is NULL in C is empty. */
export interface PasswdEntry {
  readonly name: Buffer
  readonly passwd: Buffer
  readonly uid: number
  readonly gid: number
  readonly gecos: Buffer
  readonly dir: Buffer
  readonly shell: Buffer
}

/** An entry of the group database. */
export interface GroupEntry {
  readonly name: Buffer
  readonly passwd: Buffer
  readonly gid: number
  readonly members: readonly Buffer[]
}

type LookUp = (out: Address, strings: Address, size: number, found: Address) => number

/**
 * Looks an entry up, with more memory for its strings as long as C asks for it.
 *
 * @param size of the structure
 * @param read converts the structure while the memory of its strings is there
 * @returns undefined where there is no such entry
 * @throws OSError as the system reports
 */
function entryOf<T>(syscall: string, size: number, lookUp: LookUp, read: (entry: Buffer) => T): T | undefined {
  for (let room = SCRATCH_SIZE; ; room *= 4) {
    const memory = Buffer.allocUnsafeSlow(size + POINTER + room)
    const out = addressOf(memory)
    let errno: number
    while ((errno = lookUp(out, out + size + POINTER, room, out + size)) === EINTR);
    if (errno === ERANGE && room < MAX_STRINGS) continue
    // Some databases report a missing entry as an error: getpwnam(3) lists which.
    if (errno !== 0 && !MISSING.includes(errno)) throw osError(errno, syscall)
    return errno !== 0 || memory.readBigUInt64LE(size) === 0n ? undefined : read(memory)
  }
}

const MISSING: readonly number[] = [errnoNumbers.ENOENT, errnoNumbers.ESRCH, errnoNumbers.EBADF, errnoNumbers.EPERM]

/** All entries, one after the other: the position in the database belongs to the whole process. */
function allEntries<T>(
  syscall: 'getpwent' | 'getgrent',
  [rewind, end]: readonly [() => void, () => void],
  size: number,
  read: (entry: Buffer) => T,
): T[] {
  const entries: T[] = []
  const memory = Buffer.allocUnsafeSlow(size)
  const out = addressOf(memory)
  rewind()
  try {
    for (;;) {
      clearErrno()
      const entry = libc[syscall]()
      if (entry === 0) {
        const errno = lastErrno()
        if (errno === EINTR) continue
        if (errno !== 0 && !MISSING.includes(errno)) throw osError(errno, syscall)
        return entries
      }
      libc.memcpy(out, entry, size)
      entries.push(read(memory))
    }
  } finally {
    end()
  }
}

function stringAt(entry: Buffer, offset: number): Buffer {
  const string = Number(entry.readBigUInt64LE(offset))
  return string === 0 ? Buffer.alloc(0) : bytesOfString(string)
}

function passwdFrom(entry: Buffer): PasswdEntry {
  const at = PASSWD.offsets
  return {
    name: stringAt(entry, at.pw_name),
    passwd: stringAt(entry, at.pw_passwd),
    uid: entry.readUInt32LE(at.pw_uid),
    gid: entry.readUInt32LE(at.pw_gid),
    gecos: stringAt(entry, at.pw_gecos),
    dir: stringAt(entry, at.pw_dir),
    shell: stringAt(entry, at.pw_shell),
  }
}

function groupFrom(entry: Buffer): GroupEntry {
  const at = GROUP.offsets
  return {
    name: stringAt(entry, at.gr_name),
    passwd: stringAt(entry, at.gr_passwd),
    gid: entry.readUInt32LE(at.gr_gid),
    members: stringsOf(Number(entry.readBigUInt64LE(at.gr_mem))),
  }
}

/** The user with a name or a number. */
export function passwdEntry(user: CString | number): PasswdEntry | undefined {
  return typeof user === 'number'
    ? entryOf('getpwuid', PASSWD.size, (...memory) => libc.getpwuid_r(user, ...memory), passwdFrom)
    : entryOf('getpwnam', PASSWD.size, (...memory) => libc.getpwnam_r(user, ...memory), passwdFrom)
}

/** The group with a name or a number. */
export function groupEntry(group: CString | number): GroupEntry | undefined {
  return typeof group === 'number'
    ? entryOf('getgrgid', GROUP.size, (...memory) => libc.getgrgid_r(group, ...memory), groupFrom)
    : entryOf('getgrnam', GROUP.size, (...memory) => libc.getgrnam_r(group, ...memory), groupFrom)
}

/** All users. */
export function allPasswdEntries(): PasswdEntry[] {
  return allEntries('getpwent', [libc.setpwent, libc.endpwent], PASSWD.size, passwdFrom)
}

/** All groups. */
export function allGroupEntries(): GroupEntry[] {
  return allEntries('getgrent', [libc.setgrent, libc.endgrent], GROUP.size, groupFrom)
}

/** The home directory of a user, by name or by number; undefined where the system has no such user. */
export function homeDirectory(user: CString | number): Buffer | undefined {
  try {
    return passwdEntry(user)?.dir
  } catch {
    // A database that cannot be read knows no users.
    return undefined
  }
}
