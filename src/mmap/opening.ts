import { badValue, outOfRange } from '../errors.ts'
import { osError } from '../libc/call.ts'
import { constants, errnoNumbers } from '../libc/facts.ts'
import { int64 } from '../os/arguments/numbers.ts'
import { fstat } from '../os/files/status.ts'
import { ACCESS_COPY, ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE } from './constants.ts'

/** Checks of what a mapping is made of. */

const { MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE, S_IFMT, S_IFREG } = constants
const { ENOMEM } = errnoNumbers

/** The optional arguments of `mmap`. */
export interface MmapOptions {
  /** MAP_SHARED, the default, or MAP_PRIVATE, with other MAP_*. */
  readonly flags?: number | undefined
  /** PROT_*; by default PROT_READ and PROT_WRITE. */
  readonly prot?: number | undefined
  /** ACCESS_*, in place of `flags` and `prot`. */
  readonly access?: number | undefined
  /** Where in the file the mapping starts, in bytes: a multiple of ALLOCATIONGRANULARITY. */
  readonly offset?: number | bigint | undefined
  /** false: no descriptor of the file is kept, so that `size` and `resize` fail. */
  readonly trackfd?: boolean | undefined
}

/** A number of bytes or an offset, as a number: no mapping is larger than 2^47. */
export function bytesOf(value: unknown, name: string): number {
  const number = Number(int64(value, name, 0n, 2n ** 63n - 1n))
  if (number > Number.MAX_SAFE_INTEGER) throw osError(ENOMEM, 'mmap')
  return number
}

/** The access that flags and protection amount to, and the flags and protection that an access stands for. */
export function accessOf(
  flags: number,
  prot: number,
  access: number,
): readonly [flags: number, prot: number, access: number] {
  if (access !== ACCESS_DEFAULT && (flags !== MAP_SHARED || prot !== (PROT_READ | PROT_WRITE))) {
    throw badValue('access', 'must not be given together with flags or prot', access)
  }
  if (access === ACCESS_READ) return [MAP_SHARED, PROT_READ, access]
  if (access === ACCESS_WRITE) return [MAP_SHARED, PROT_READ | PROT_WRITE, access]
  if (access === ACCESS_COPY) return [MAP_PRIVATE, PROT_READ | PROT_WRITE, access]
  if (access !== ACCESS_DEFAULT) throw badValue('access', 'must be ACCESS_*', access)
  if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
    throw badValue('flags', 'must not have MAP_FIXED: there is no address', flags)
  }
  if (prot & PROT_WRITE) return [flags, prot, prot & PROT_READ ? ACCESS_DEFAULT : ACCESS_WRITE]
  return [flags, prot, ACCESS_READ]
}

/** The size of a mapping of a file: that asked for, or the rest of the file for 0. */
export function sizeInFile(fd: number, length: number, offset: number): number {
  const { st_mode, st_size } = fstat(fd)
  if ((st_mode & S_IFMT) !== S_IFREG) return length
  const size = Number(st_size)
  if (length === 0) {
    if (size === 0) throw badValue('length', 'must not be 0 for an empty file', length)
    if (offset >= size) throw outOfRange('offset', 'less than the size of the file', offset)
    return size - offset
  }
  if (offset + length > size) throw outOfRange('length', 'within the file', length)
  return length
}
