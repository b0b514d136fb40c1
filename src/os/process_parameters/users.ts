import { outOfRange, wrongType } from '../../errors.ts'
import { failed, lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers } from '../../libc/facts.ts'
import { type CString, libc } from '../../libc/functions.ts'
import { addressOf, SCRATCH_SIZE, scratch, scratchAddress, textAt, uint32At } from '../../libc/memory.ts'
import { id } from '../arguments/numbers.ts'
import { cString, type FileName, fileName } from '../arguments/paths.ts'

import { mainThreadOnly } from './process_state.ts'

/** Real, effective and saved id. */
export type IdTriple = readonly [real: number, effective: number, saved: number]

/**
 * The kernel's limit of supplementary groups (NGROUPS_MAX). musl's headers define 32, but its functions accept as many
 * as the kernel.
 */
const MAX_GROUPS = 65536

/**
 * getuid(2): returns the real user id, which is that of the user who started the process.
 *
 * @returns the uid
 *
 * Availability: Linux. See getuid(2); Python, os.getuid.
 * @example
 * ```ts
 * os.getuid() // => os.getresuid()[0]
 * ```
 */
export function getuid(): number {
  return libc.getuid()
}

/**
 * geteuid(2): returns the effective user id, which determines the permissions of the process.
 *
 * @returns the uid
 *
 * Availability: Linux. See getuid(2); Python, os.geteuid.
 * @example
 * ```ts
 * os.geteuid() // => os.getresuid()[1]
 * ```
 */
export function geteuid(): number {
  return libc.geteuid()
}

/**
 * getgid(2): returns the real group id.
 *
 * @returns the gid
 *
 * Availability: Linux. See getgid(2); Python, os.getgid.
 * @example
 * ```ts
 * os.getgid() // => os.getresgid()[0]
 * ```
 */
export function getgid(): number {
  return libc.getgid()
}

/**
 * getegid(2): returns the effective group id.
 *
 * @returns the gid
 *
 * Availability: Linux. See getgid(2); Python, os.getegid.
 * @example
 * ```ts
 * os.getegid() // => os.getresgid()[1]
 * ```
 */
export function getegid(): number {
  return libc.getegid()
}

/**
 * getresuid(2): returns all three user ids.
 *
 * @returns real, effective and saved uid
 *
 * Availability: Linux. See getresuid(2); Python, os.getresuid.
 * @example
 * ```ts
 * const [real, effective, saved] = os.getresuid()
 * real === os.getuid() && effective === os.geteuid() && saved >= 0 // => true
 * ```
 */
export function getresuid(): IdTriple {
  while (libc.getresuid(scratchAddress, scratchAddress + 4, scratchAddress + 8) === -1) failed('getresuid')
  return [uint32At(0), uint32At(4), uint32At(8)]
}

/**
 * getresgid(2): returns all three group ids.
 *
 * @returns real, effective and saved gid
 *
 * Availability: Linux. See getresuid(2); Python, os.getresgid.
 * @example
 * ```ts
 * const [real, effective, saved] = os.getresgid()
 * real === os.getgid() && effective === os.getegid() && saved >= 0 // => true
 * ```
 */
export function getresgid(): IdTriple {
  while (libc.getresgid(scratchAddress, scratchAddress + 4, scratchAddress + 8) === -1) failed('getresgid')
  return [uint32At(0), uint32At(4), uint32At(8)]
}

/**
 * setuid(2): sets the effective user id, and with CAP_SETUID also the real and the saved one, which gives up root
 * permanently.
 *
 * @param uid the user id
 * @throws OSError as the system reports: PermissionError, EINVAL for -1
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See setuid(2); Python, os.setuid.
 * @example
 * ```ts
 * os.setuid(os.getuid()) // gives up the effective user of a set-user-id program, for good where that is root
 * os.geteuid() // => os.getuid()
 * ```
 */
export function setuid(uid: number): void {
  const user = id(uid, 'uid')
  mainThreadOnly('setuid')
  while (libc.setuid(user) === -1) failed('setuid')
}

/**
 * seteuid(2): sets the effective user id.
 *
 * @param euid the user id: without CAP_SETUID only the real, effective or saved one
 * @throws OSError as the system reports: PermissionError, EINVAL for -1
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See seteuid(2); Python, os.seteuid.
 * @example
 * ```ts
 * os.seteuid(os.getuid())
 * os.geteuid() // => os.getuid()
 * ```
 */
export function seteuid(euid: number): void {
  const user = id(euid, 'euid')
  mainThreadOnly('seteuid')
  while (libc.seteuid(user) === -1) failed('seteuid')
}

/**
 * setreuid(2): sets the real and the effective user id.
 *
 * @param ruid the real id; -1 leaves it unchanged
 * @param euid the effective id; -1 leaves it unchanged
 * @throws OSError as the system reports: PermissionError
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See setreuid(2); Python, os.setreuid.
 * @example
 * ```ts
 * os.setreuid(-1, os.getuid()) // -1 leaves an id as it is
 * os.geteuid() // => os.getuid()
 * ```
 */
export function setreuid(ruid: number, euid: number): void {
  const [real, effective] = [id(ruid, 'ruid'), id(euid, 'euid')]
  mainThreadOnly('setreuid')
  while (libc.setreuid(real, effective) === -1) failed('setreuid')
}

/**
 * setresuid(2): sets the real, effective and saved user id.
 *
 * @param ruid the real id; -1 leaves it unchanged
 * @param euid the effective id; -1 leaves it unchanged
 * @param suid the saved id; -1 leaves it unchanged
 * @throws OSError as the system reports: PermissionError
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See setresuid(2); Python, os.setresuid.
 * @example
 * ```ts
 * os.setresuid(-1, os.getuid(), os.getuid())
 * new Set(os.getresuid()).size // => 1
 * ```
 */
export function setresuid(ruid: number, euid: number, suid: number): void {
  const [real, effective, saved] = [id(ruid, 'ruid'), id(euid, 'euid'), id(suid, 'suid')]
  mainThreadOnly('setresuid')
  while (libc.setresuid(real, effective, saved) === -1) failed('setresuid')
}

/**
 * setgid(2): sets the effective group id, and with CAP_SETGID also the real and the saved one. Call it before `setuid`,
 * not after it.
 *
 * @param gid the group id
 * @throws OSError as the system reports: PermissionError, EINVAL for -1
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See setgid(2); Python, os.setgid.
 * @example
 * ```ts
 * os.setgid(os.getgid())
 * os.getegid() // => os.getgid()
 * ```
 */
export function setgid(gid: number): void {
  const group = id(gid, 'gid')
  mainThreadOnly('setgid')
  while (libc.setgid(group) === -1) failed('setgid')
}

/**
 * setegid(2): sets the effective group id.
 *
 * @param egid the group id: without CAP_SETGID only the real, effective or saved one
 * @throws OSError as the system reports: PermissionError, EINVAL for -1
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See seteuid(2); Python, os.setegid.
 * @example
 * ```ts
 * os.setegid(os.getgid())
 * os.getegid() // => os.getgid()
 * ```
 */
export function setegid(egid: number): void {
  const group = id(egid, 'egid')
  mainThreadOnly('setegid')
  while (libc.setegid(group) === -1) failed('setegid')
}

/**
 * setregid(2): sets the real and the effective group id.
 *
 * @param rgid the real id; -1 leaves it unchanged
 * @param egid the effective id; -1 leaves it unchanged
 * @throws OSError as the system reports: PermissionError
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See setreuid(2); Python, os.setregid.
 * @example
 * ```ts
 * os.setregid(-1, os.getgid())
 * os.getegid() // => os.getgid()
 * ```
 */
export function setregid(rgid: number, egid: number): void {
  const [real, effective] = [id(rgid, 'rgid'), id(egid, 'egid')]
  mainThreadOnly('setregid')
  while (libc.setregid(real, effective) === -1) failed('setregid')
}

/**
 * setresgid(2): sets the real, effective and saved group id.
 *
 * @param rgid the real id; -1 leaves it unchanged
 * @param egid the effective id; -1 leaves it unchanged
 * @param sgid the saved id; -1 leaves it unchanged
 * @throws OSError as the system reports: PermissionError
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See setresuid(2); Python, os.setresgid.
 * @example
 * ```ts
 * os.setresgid(-1, os.getgid(), os.getgid())
 * new Set(os.getresgid()).size // => 1
 * ```
 */
export function setresgid(rgid: number, egid: number, sgid: number): void {
  const [real, effective, saved] = [id(rgid, 'rgid'), id(egid, 'egid'), id(sgid, 'sgid')]
  mainThreadOnly('setresgid')
  while (libc.setresgid(real, effective, saved) === -1) failed('setresgid')
}

/** Reads the first `count` ids that C wrote. The id 2^32 - 1, which no group has, is returned as -1, as in CPython. */
export function idsIn(buffer: Buffer, count: number, start = 0): number[] {
  return Array.from({ length: count }, (_, index) => {
    const group = buffer.readUInt32LE(start + 4 * index)
    return group === 0xffff_ffff ? -1 : group
  })
}

/**
 * getgroups(2): returns the supplementary groups of the process. The list may or may not contain the effective group.
 *
 * @returns the gids
 *
 * Availability: Linux. See getgroups(2); Python, os.getgroups.
 * @example
 * ```ts
 * os.getgroups().every((group) => group >= 0) // => true
 * ```
 */
export function getgroups(): number[] {
  const count = libc.getgroups(SCRATCH_SIZE / 4, scratchAddress)
  if (count !== -1) return idsIn(scratch, count)
  const errno = lastErrno()
  if (errno !== errnoNumbers.EINVAL) throw osError(errno, 'getgroups')
  return manyGroups()
}

/** Reads more groups than the 16384 that fit into the scratch memory. */
function manyGroups(): number[] {
  const buffer = Buffer.allocUnsafeSlow(4 * MAX_GROUPS)
  let count: number
  while ((count = libc.getgroups(MAX_GROUPS, addressOf(buffer))) === -1) failed('getgroups')
  return idsIn(buffer, count)
}

/**
 * setgroups(2): sets the supplementary groups of the process.
 *
 * @param groups the gids: an array or another iterable
 * @throws RangeError for more than 65536
 * @throws OSError as the system reports: PermissionError (CAP_SETGID is required), EINVAL for -1
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See setgroups(2); Python, os.setgroups.
 * @example
 * ```ts
 * if (os.geteuid() === 0) {
 *   os.setgroups([1, 2])
 *   os.getgroups() // => [1, 2]
 * } else {
 *   os.setgroups([1, 2]) // throws PermissionError
 * }
 * ```
 */
export function setgroups(groups: Iterable<number>): void {
  if (typeof groups !== 'object' || groups === null || !(Symbol.iterator in groups)) {
    throw wrongType('groups', 'an iterable of group ids', groups)
  }
  const list = Array.from(groups, (group, index) => id(group, `groups[${index}]`))
  if (list.length > MAX_GROUPS) throw outOfRange('groups.length', `<= ${MAX_GROUPS}`, list.length)
  const buffer = Buffer.from(Uint32Array.from(list).buffer)
  mainThreadOnly('setgroups')
  while (libc.setgroups(list.length, buffer) === -1) failed('setgroups')
}

/**
 * getgrouplist(3): returns the groups of a user, from the system's user database.
 *
 * @param user the user's name
 * @param group a gid that is always in the list: usually the user's primary group, whose member list need not contain
 *   the user
 * @returns the gids; `group` alone if there is no such user
 * @throws OSError as the system reports
 *
 * Availability: Linux. See getgrouplist(3); Python, os.getgrouplist.
 * @example
 * ```ts
 * os.getgrouplist('root', 0) // => [0]
 * ```
 */
export function getgrouplist(user: FileName, group: number): number[] {
  return groupsOf(...checkedUser(user, group))
}

/** Checks the arguments of `getgrouplist`. */
export function checkedUser(user: FileName, group: number): [name: CString, own: number] {
  return [cString(fileName(user, 'user'), 'user'), id(group, 'group')]
}

/** Returns the groups of a user. */
export function groupsOf(name: CString, own: number): number[] {
  let [buffer, start] = [scratch, scratchAddress]
  // The memory begins with the number of groups: C reads it as the capacity, and replaces it by the required capacity.
  for (;;) {
    const room = buffer.length / 4 - 1
    buffer.writeInt32LE(room)
    if (libc.getgrouplist(name, own, start + 4, start) !== -1) return idsIn(buffer, buffer.readInt32LE(), 4)
    const errno = lastErrno()
    const needed = buffer.readInt32LE()
    if (needed <= room) throw osError(errno, 'getgrouplist')
    buffer = Buffer.allocUnsafeSlow(4 * (needed + 1))
    start = addressOf(buffer)
  }
}

/**
 * initgroups(3): sets the supplementary groups of the process to those of a user in the system's user database.
 *
 * @param username the user's name
 * @param gid a group that is added: usually the user's primary group
 * @throws OSError as the system reports: PermissionError (CAP_SETGID is required)
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See initgroups(3); Python, os.initgroups.
 * @example
 * ```ts
 * if (os.geteuid() === 0) {
 *   os.initgroups('root', 0) // what login does
 *   os.getgroups().includes(0) // => true
 * }
 * ```
 */
export function initgroups(username: FileName, gid: number): void {
  const name = cString(fileName(username, 'username'), 'username')
  const group = id(gid, 'gid')
  mainThreadOnly('initgroups')
  while (libc.initgroups(name, group) === -1) failed('initgroups')
}

/**
 * getlogin(3): returns the name of the user who is logged in on the terminal of the process.
 *
 * @returns the name
 * @throws OSError ENOTTY or ENXIO, as the C library reports, if the process has no login terminal (a daemon, a
 *   container)
 *
 * Availability: Linux. See getlogin(3); Python, os.getlogin.
 * @example
 * ```ts
 * try {
 *   os.getlogin() // from the record of logins (utmp)
 * } catch (error) {
 *   error instanceof os.OSError // => true
 *   // The process has no login terminal.
 * }
 * ```
 */
export function getlogin(): string {
  // getlogin_r(3) returns the error number.
  const errno = libc.getlogin_r(scratchAddress, constants.LOGIN_NAME_MAX + 1)
  if (errno !== 0) throw osError(errno, 'getlogin')
  return textAt(0, constants.LOGIN_NAME_MAX + 1)
}
