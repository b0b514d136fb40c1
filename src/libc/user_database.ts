import { bytesOfString } from './c_strings.ts'
import { errnoNumbers, structs } from './facts.ts'
import { type CString, libc } from './functions.ts'
import { bigUint64At, SCRATCH_SIZE, scratchAddress } from './memory.ts'

// Scratch memory holds the entry, a pointer to the entry found, and the strings that the entry points to.
const FOUND = structs.passwd.size
const STRINGS = FOUND + 8
const { pw_dir } = structs.passwd.offsets

/**
 * The home directory of a user, by name or by number; undefined where the system has no such user.
 *
 * It uses getpwnam_r(3) and getpwuid_r(3), since getpwnam and getpwuid return memory that all threads share.
 */
export function homeDirectory(user: CString | number): Buffer | undefined {
  while (lookUp(user) === errnoNumbers.EINTR);
  // The pointer is also NULL after other errors: the user is then treated as unknown.
  if (bigUint64At(FOUND) === 0n) return undefined
  const home = bigUint64At(pw_dir)
  return home === 0n ? undefined : bytesOfString(Number(home))
}

function lookUp(user: CString | number): number {
  const [strings, size, found] = [scratchAddress + STRINGS, SCRATCH_SIZE - STRINGS, scratchAddress + FOUND]
  if (typeof user === 'number') return libc.getpwuid_r(user, scratchAddress, strings, size, found)
  return libc.getpwnam_r(user, scratchAddress, strings, size, found)
}
