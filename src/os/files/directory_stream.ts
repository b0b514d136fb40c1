import { AuditEvent } from '../../audit.ts'
import { failed, lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { type Address, libc } from '../../libc/functions.ts'
import { addressOf, ownMemory, SCRATCH_SIZE, scratch, scratchAddress } from '../../libc/memory.ts'
import { decode } from '../../libc/strings.ts'
import { cString, type FileName } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'
import { typeOf } from './file_type.ts'
import { statusByAddressInto } from './status.ts'

/** Reading directories: what `listdir`, `scandir` and `walk` have in common. */

const {
  O_RDONLY,
  O_DIRECTORY,
  O_CLOEXEC,
  O_NONBLOCK,
  F_DUPFD_CLOEXEC,
  SEEK_SET,
  S_IFDIR,
  S_IFMT,
  DT_DIR,
  DT_LNK,
  DT_UNKNOWN,
} = constants
const { d_ino, d_reclen, d_type, d_name } = structs.dirent64.offsets

const { st_mode } = structs.stat.offsets

const OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK

// Constants of this module, which V8's compiler can rely on, unlike imports.
const records = Buffer.from(scratch.buffer)
const u16 = new Uint16Array(scratch.buffer)
const u32 = new Uint32Array(scratch.buffer)
const u64 = new BigUint64Array(scratch.buffer)

const DOT = 0x2e

/** Raised before a directory is listed by `scandir`, `walk` or `fwalk`. */
export const scandirEvent: AuditEvent = new AuditEvent('os.scandir')

/** Opens a directory for reading its entries. `flags` go beside those that this always needs. */
export function openDirectory(syscall: string, at: number, path: FileName, flags = 0): number {
  const [, name, wanted] = preparedOpenDirectory(syscall, at, path, flags).args
  let fd: number
  while ((fd = libc.openat(at, name, wanted, 0)) === -1) failed(syscall, path)
  return fd
}

/** Checks and converts the arguments of `openDirectory`. */
export function preparedOpenDirectory(syscall: string, at: number, path: FileName, flags = 0): Prepared<'openat'> {
  return { name: 'openat', args: [at, cString(path, 'path'), OPEN_DIRECTORY | flags, 0], syscall, file: path }
}

/** A descriptor of our own for a directory that the caller has open, rewound: the position is shared by both. */
export function duplicateDirectory(syscall: string, fd: number): number {
  // What is no directory keeps its position.
  const type = typeOf(fd)
  if (type !== undefined && type !== S_IFDIR) throw osError(errnoNumbers.ENOTDIR, syscall, fd)
  let copy: number
  while ((copy = libc.fcntl(fd, F_DUPFD_CLOEXEC, 0)) === -1) failed(syscall, fd)
  libc.lseek(copy, 0, SEEK_SET)
  return copy
}

/**
 * Reads some more entries, without "." and "..".
 *
 * They are decoded at once, since every directory is read into the same memory. The whole block becomes one string, of
 * which plain ASCII names are slices: half the time of decoding each. (V8 keeps the block, at most 64 KiB, for as long
 * as one of its names longer than twelve characters is in use.)
 *
 * @param names gets the names
 * @param types gets as many types: DT_*
 * @param inodes gets as many inode numbers, as bigints where they pass 2^53; left out where nobody asks
 * @returns false at the end
 */
export function readEntries(
  syscall: string,
  fd: number,
  path: FileName | number,
  names: string[],
  types: number[],
  inodes?: (number | bigint)[],
): boolean {
  const size = readBlock(syscall, fd, path)
  addEntries(size, names, types, inodes)
  return size > 0
}

/** All names in a directory of the system's, such as /proc. */
export function namesIn(syscall: string, path: string): string[] {
  const names: string[] = []
  const fd = openDirectory(syscall, constants.AT_FDCWD, path)
  try {
    while (readEntries(syscall, fd, path, names, []));
  } finally {
    libc.close(fd)
  }
  return names
}

/** Adds the entries that stand in scratch memory. */
export function addEntries(size: number, names: string[], types: number[], inodes?: (number | bigint)[]): void {
  const block = records.toString('latin1', 0, size)
  for (let at = 0; at < size; at += u16[(at + d_reclen) >> 1] as number) {
    const start = at + d_name
    if (isDotName(start)) continue
    names.push(nameAt(start, block))
    types.push(records[at + d_type] as number)
    inodes?.push(inodeAt(at + d_ino))
  }
}

/** The name that stands there in scratch memory, of which `block` is the text. */
function nameAt(start: number, block: string): string {
  let end = start
  let all = 0
  for (let byte = records[start] as number; byte !== 0; byte = records[++end] as number) all |= byte
  return all < 0x80 ? block.slice(start, end) : decode(records, start, end)
}

/**
 * Reads some more entries, sorted into directories, links to such included, and the rest: without the lists of types and
 * of all names, which take as long to make as these.
 *
 * @returns false at the end
 */
export function sortEntries(
  syscall: string,
  fd: number,
  path: FileName | number,
  directories: string[],
  others: string[],
): boolean {
  const size = readBlock(syscall, fd, path)
  const block = records.toString('latin1', 0, size)
  for (let at = 0; at < size; at += u16[(at + d_reclen) >> 1] as number) {
    const start = at + d_name
    if (isDotName(start)) continue
    const type = records[at + d_type] as number
    if (isUnclear(type) ? isDirectory(fd, scratchAddress + start) : type === DT_DIR)
      directories.push(nameAt(start, block))
    else others.push(nameAt(start, block))
  }
  return size > 0
}

/** Whether the kernel has to be asked if it is a directory: of links only, and where the file system tells no types. */
export function isUnclear(type: number): boolean {
  return type === DT_LNK || type === DT_UNKNOWN
}

// Beside the scratch memory, in which there are names yet to come.
const status = ownMemory(structs.stat.size)
const statusAddress = addressOf(status)

/** Whether what has the name that stands in memory is a directory; one that cannot be asked about is none. */
function isDirectory(fd: number, name: Address): boolean {
  if (statusByAddressInto(statusAddress, name, fd, 0) !== 0) return false
  return (status.readUInt32LE(st_mode) & S_IFMT) === S_IFDIR
}

/** Has the kernel fill memory with entries; returns how many bytes, 0 at the end. */
function readBlock(syscall: string, fd: number, path: FileName | number, place = scratchAddress): number {
  let size: number
  while ((size = libc.getdents64(fd, place, SCRATCH_SIZE)) === -1) {
    const errno = lastErrno()
    // The directory has been removed: to POSIX, and so to readdir(3) and CPython, that is its end.
    if (errno === errnoNumbers.ENOENT) return 0
    if (errno !== errnoNumbers.EINTR) throw osError(errno, syscall, path)
  }
  return size
}

/** Where a record begins, and below that its type, which has four bits: one small number for both. */
export type Place = number

/** A directory that is being read by its descriptor; -1 when that is over. */
export interface OpenDirectory {
  readonly fd: number
}

// For who does something else between one entry and the next, when scratch memory is overwritten. It lies behind that,
// and is read by the same arrays.
const ownRecords = ownMemory(SCRATCH_SIZE)
const OWN = ownRecords.byteOffset - scratch.byteOffset

/** Whose records stand there. */
let standing: Records<OpenDirectory> | null = null

/**
 * Entries of a directory as getdents64(2) wrote them, of which is decoded only what is asked for. They are kept as text
 * of one character each byte: nothing is quicker to make, and plain names are slices of it. (An entry keeps that of its
 * whole block, at most 64 KiB.)
 */
export class Records<R extends OpenDirectory> {
  readonly reading: R
  /** All entries but "." and "..". */
  readonly places: readonly Place[]
  readonly #text: string

  /** @param start where they stand now, counted from scratch memory on */
  constructor(reading: R, start: number, size: number) {
    this.reading = reading
    this.places = placesIn(start, size)
    this.#text = records.toString('latin1', start, start + size)
  }

  name(place: Place): string {
    const text = this.#text
    const start = (place >> 4) + d_name
    let end = start
    let all = 0
    for (let unit = text.charCodeAt(start); unit !== 0; unit = text.charCodeAt(++end)) all |= unit
    const name = text.slice(start, end)
    return all < 0x80 ? name : decode(Buffer.from(name, 'latin1'))
  }

  inode(place: Place): bigint {
    const start = (place >> 4) + d_ino
    return Buffer.from(this.#text.slice(start, start + 8), 'latin1').readBigUInt64LE()
  }

  /** Where the name stands, with a NUL at its end, for C to be called at once; 0 where it does no more. */
  nameAddress(place: Place): Address {
    return standing === this ? scratchAddress + OWN + (place >> 4) + d_name : 0
  }
}

/** DT_* of an entry. */
export function typeAt(place: Place): number {
  return place & 15
}

function placesIn(start: number, size: number): Place[] {
  const places: Place[] = []
  for (let at = start; at < start + size; at += u16[(at + d_reclen) >> 1] as number) {
    const name = at + d_name
    if (!isDotName(name)) places.push(((at - start) << 4) + (records[at + d_type] as number))
  }
  return places
}

/** Whether the name that stands there in scratch memory, or behind it, is "." or "..". */
export function isDotName(start: number): boolean {
  if (records[start] !== DOT) return false
  return records[start + 1] === 0 || (records[start + 1] === DOT && records[start + 2] === 0)
}

/** Reads some more entries, for who comes back to them later; null at the end. */
export function readRecords<R extends OpenDirectory>(
  syscall: string,
  reading: R,
  path: FileName | number,
): Records<R> | null {
  const isFree = standing === null || standing.reading === reading || standing.reading.fd === -1
  if (isFree) standing = null
  const start = isFree ? OWN : 0
  const size = readBlock(syscall, reading.fd, path, scratchAddress + start)
  if (size === 0) return null
  const found = new Records(reading, start, size)
  if (isFree) standing = found
  return found
}

/** The entries that stand in scratch memory. */
export function recordsInScratch<R extends OpenDirectory>(reading: R, size: number): Records<R> {
  return new Records(reading, 0, size)
}

/** To be told when a directory has been read: others may have its memory. */
export function endReading(reading: OpenDirectory): void {
  if (standing?.reading === reading) standing = null
}

function inodeAt(offset: number): number | bigint {
  const low = u32[offset >> 2] as number
  const high = u32[(offset >> 2) + 1] as number
  // The first case for the sake of V8, which keeps small integers apart from other numbers.
  if (high === 0) return low
  return high < 0x20_0000 ? high * 0x1_0000_0000 + low : (u64[offset >> 3] as bigint)
}
