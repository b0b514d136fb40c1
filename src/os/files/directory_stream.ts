import { AuditEvent } from '../../audit.ts'
import { failed, lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { type Address, libc } from '../../libc/functions.ts'
import { addressOf, ownMemory, SCRATCH_SIZE, scratch, scratchAddress } from '../../libc/memory.ts'
import { decode } from '../../libc/strings.ts'
import { cString, type FileName, ownCopy } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'
import { typeOf } from './file_type.ts'
import { statusByAddressInto } from './status.ts'

/** Reading directories: shared by `listdir`, `scandir` and `walk`. */

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

// Constants of this module: V8's compiler can inline them, unlike imported bindings.
const records = Buffer.from(scratch.buffer)
const u16 = new Uint16Array(scratch.buffer)
const u32 = new Uint32Array(scratch.buffer)
const u64 = new BigUint64Array(scratch.buffer)

const DOT = 0x2e

/** Raised before a directory is listed by `scandir`, `walk` or `fwalk`. */
const openEvent = new AuditEvent('open')
export const scandirEvent: AuditEvent = new AuditEvent('os.scandir')

/** Opens a directory for reading its entries. `flags` are added to the flags that are always set. */
export function openDirectory(syscall: string, at: number, path: FileName, flags = 0): number {
  const [, name, wanted] = preparedOpenDirectory(syscall, at, path, flags).args
  let fd: number
  while ((fd = libc.openat(at, name, wanted, 0)) === -1) failed(syscall, path)
  return fd
}

/** Raises the event of a directory that `fwalk` opens: in CPython it calls os.open. */
export function raiseOpen(path: FileName, flags: number): void {
  if (openEvent.wanted) openEvent.raise(ownCopy(path), null, OPEN_DIRECTORY | flags)
}

/** Checks and converts the arguments of `openDirectory`. */
export function preparedOpenDirectory(syscall: string, at: number, path: FileName, flags = 0): Prepared<'openat'> {
  return { name: 'openat', args: [at, cString(path, 'path'), OPEN_DIRECTORY | flags, 0], syscall, file: path }
}

/** Duplicates the caller's descriptor of a directory, and rewinds it: both descriptors share the position. */
export function duplicateDirectory(syscall: string, fd: number): number {
  // The position of a file that is not a directory must not change.
  const type = typeOf(fd)
  if (type !== undefined && type !== S_IFDIR) throw osError(errnoNumbers.ENOTDIR, syscall, fd)
  let copy: number
  while ((copy = libc.fcntl(fd, F_DUPFD_CLOEXEC, 0)) === -1) failed(syscall, fd)
  libc.lseek(copy, 0, SEEK_SET)
  return copy
}

/**
 * Reads the next block of entries, without "." and "..".
 *
 * The names are decoded at once, because every directory is read into the same memory. The whole block is decoded into
 * one string, and ASCII names are slices of it, which takes half the time of decoding each name. (V8 keeps the block,
 * at most 64 KiB, alive while a sliced name is in use. Names shorter than 13 characters are copied:
 * `SlicedString::kMinLength` in V8's src/objects/string.h.)
 *
 * @param names the names are appended to it
 * @param types the types (DT_*) are appended to it
 * @param inodes the inode numbers are appended to it, as bigints above 2^53; undefined if they are not needed
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

/** Returns all names in a system directory, such as /proc. */
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

/** Appends the entries in scratch memory. */
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

/** Returns the name at an offset in scratch memory; `block` is the decoded memory. */
function nameAt(start: number, block: string): string {
  let end = start
  let all = 0
  for (let byte = records[start] as number; byte !== 0; byte = records[++end] as number) all |= byte
  return all < 0x80 ? block.slice(start, end) : decode(records, start, end)
}

/**
 * Reads the next block of entries, separated into directories (including links to directories) and other files. It does
 * not build the lists of all names and types, which would take as much time again.
 *
 * @returns false at the end
 */
export function partitionEntries(
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
    if (needsStat(type) ? isDirectory(fd, scratchAddress + start) : type === DT_DIR)
      directories.push(nameAt(start, block))
    else others.push(nameAt(start, block))
  }
  return size > 0
}

/**
 * Reports whether stat(2) is needed to know if an entry is a directory: for symbolic links, and if the file system does
 * not record types.
 */
export function needsStat(type: number): boolean {
  return type === DT_LNK || type === DT_UNKNOWN
}

// Separate from the scratch memory, which still contains names.
const status = ownMemory(structs.stat.size)
const statusAddress = addressOf(status)

/** Reports whether the file with the name at an address is a directory; false if stat(2) fails. */
function isDirectory(fd: number, name: Address): boolean {
  if (statusByAddressInto(statusAddress, name, fd, 0) !== 0) return false
  return (status.readUInt32LE(st_mode) & S_IFMT) === S_IFDIR
}

/** Reads entries into memory; returns the number of bytes, 0 at the end. */
function readBlock(syscall: string, fd: number, path: FileName | number, place = scratchAddress): number {
  let size: number
  while ((size = libc.getdents64(fd, place, SCRATCH_SIZE)) === -1) {
    const errno = lastErrno()
    // The directory has been removed: readdir(3) reports the end of the directory, and so does CPython.
    if (errno === errnoNumbers.ENOENT) return 0
    if (errno !== errnoNumbers.EINTR) throw osError(errno, syscall, path)
  }
  return size
}

/** The offset of a record, shifted left by four bits, with its type in the low bits: one small integer for both. */
export type Place = number

/** A directory that is being read; `fd` is -1 when that has ended. */
export interface OpenDirectory {
  readonly fd: number
}

// Records of callers that make other calls between two entries, which overwrite the scratch memory. It follows the
// scratch memory, so that the same typed arrays read both.
const ownRecords = ownMemory(SCRATCH_SIZE)
const OWN_OFFSET = ownRecords.byteOffset - scratch.byteOffset

/** The records that are stored there. */
let currentRecords: Records<OpenDirectory> | null = null

/**
 * Entries of a directory as getdents64(2) wrote them, decoded on demand. They are kept as a latin1 string, with one
 * character for each byte: that is the fastest copy, and ASCII names are slices of it. (An entry keeps the string of
 * its whole block alive, at most 64 KiB.)
 */
export class Records<R extends OpenDirectory> {
  readonly reading: R
  /** All entries but "." and "..". */
  readonly places: readonly Place[]
  readonly #text: string

  /** @param start the offset of the records from the start of the scratch memory */
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

  /** Returns the address of the NUL-terminated name, for an immediate C call; 0 if the memory has been reused. */
  nameAddress(place: Place): Address {
    return currentRecords === this ? scratchAddress + OWN_OFFSET + (place >> 4) + d_name : 0
  }
}

/** Returns the type of an entry (DT_*). */
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

/** Reports whether the name at an offset from the start of the scratch memory is "." or "..". */
export function isDotName(start: number): boolean {
  if (records[start] !== DOT) return false
  return records[start + 1] === 0 || (records[start + 1] === DOT && records[start + 2] === 0)
}

/** Reads the next block of entries, for callers that use them later; null at the end. */
export function readRecords<R extends OpenDirectory>(
  syscall: string,
  reading: R,
  path: FileName | number,
): Records<R> | null {
  const isFree = currentRecords === null || currentRecords.reading === reading || currentRecords.reading.fd === -1
  if (isFree) currentRecords = null
  const start = isFree ? OWN_OFFSET : 0
  const size = readBlock(syscall, reading.fd, path, scratchAddress + start)
  if (size === 0) return null
  const found = new Records(reading, start, size)
  if (isFree) currentRecords = found
  return found
}

/** Returns the entries in scratch memory. */
export function recordsInScratch<R extends OpenDirectory>(reading: R, size: number): Records<R> {
  return new Records(reading, 0, size)
}

/** Must be called when a directory has been read, so that its memory can be reused. */
export function releaseRecords(reading: OpenDirectory): void {
  if (currentRecords?.reading === reading) currentRecords = null
}

function inodeAt(offset: number): number | bigint {
  const low = u32[offset >> 2] as number
  const high = u32[(offset >> 2) + 1] as number
  // A separate case, so that V8 sees small integers here rather than doubles.
  if (high === 0) return low
  return high < 0x20_0000 ? high * 0x1_0000_0000 + low : (u64[offset >> 3] as bigint)
}
