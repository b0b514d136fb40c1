import { failed, lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { type Address, libc } from '../libc/functions.ts'
import { addressOf, bytesAt, isAddress, ownMemory, SMALL_RESULT, scratchAddress, viewOf } from '../libc/memory.ts'
import { STANDARD_STREAMS } from '../libc/standard_streams.ts'

/**
 * Mapped memory, and access to it that cannot crash the process. A page beyond the end of a file, which another process
 * may truncate at any time, raises SIGBUS in a program that reads it. The kernel does not: when it copies memory of a
 * process it reports EFAULT. So JavaScript never has the address of such memory; process_vm_readv(2) and
 * process_vm_writev(2) copy between it and a Buffer.
 */

const { F_DUPFD_CLOEXEC, MAP_ANONYMOUS, MAP_FIXED, MAP_NORESERVE, MAP_PRIVATE, MFD_CLOEXEC } = constants
const { PROT_READ, PROT_WRITE } = constants
const { EFAULT, ENOSYS, EPERM } = errnoNumbers
const { iov_base, iov_len } = structs.iovec.offsets

/** The kernel copies no more in one call (MAX_RW_COUNT). */
const MOST = 0x7fff_f000

/** A mapping. It is unmapped when its `mmap` is closed or collected. */
export interface Mapping {
  /** 0 after it was closed. */
  address: Address
  size: number
  /** A duplicate of the caller's descriptor; -1 for none. */
  fd: number
  /** Whether an ArrayBuffer over it has been given away. */
  wasViewed: boolean
}

// Memory of this module alone: the vector of local memory, and behind it that of the mapping.
const vectors = ownMemory(2 * structs.iovec.size)
const local = addressOf(vectors)
const remote = local + structs.iovec.size

/** Maps memory. */
export function map(size: number, prot: number, flags: number, fd: number, offset: number): Address {
  const address = libc.mmap(0, size, prot, flags, fd, offset)
  if (!isAddress(address)) throw osError(lastErrno(), 'mmap')
  return address
}

/** A duplicate of a descriptor, close-on-exec, which takes no number of the standard streams. */
export function duplicate(fd: number): number {
  let copy: number
  while ((copy = libc.fcntl(fd, F_DUPFD_CLOEXEC, STANDARD_STREAMS.length)) === -1) failed('fcntl', fd)
  return copy
}

/** Unmaps a mapping, and closes its descriptor. */
export function release(mapping: Mapping): void {
  const { address, size, fd } = mapping
  if (address === 0) return
  mapping.address = 0
  mapping.fd = -1
  if (fd !== -1) libc.close(fd)
  if (mapping.wasViewed) discard(address, size)
  else libc.munmap(address, size)
}

/**
 * Gives memory back whose ArrayBuffer has been collected, and keeps its addresses: `ArrayBuffer.prototype.transfer` may
 * have moved the memory to another ArrayBuffer, of which nothing is known here. That sees zeros from now on.
 */
function discard(address: Address, size: number): void {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED
  libc.mmap(address, size, PROT_READ | PROT_WRITE, flags, -1, 0)
}

/** Changes the size of a mapping, which may move. */
export function remap(mapping: Mapping, size: number): void {
  const address = libc.mremap(mapping.address, mapping.size, size, constants.MREMAP_MAYMOVE)
  if (!isAddress(address)) throw osError(lastErrno(), 'mremap')
  mapping.address = address
  mapping.size = size
}

type Direction = 'process_vm_readv' | 'process_vm_writev'

/** Whether process_vm_readv is forbidden (seccomp): then data goes through a file in memory. */
let isForbidden = false

/** Copies between a mapping, from an offset on, and memory of JavaScript. */
function copy(direction: Direction, mapping: Mapping, offset: number, address: Address, length: number): void {
  for (let done = 0; done < length; ) {
    const from = mapping.address + offset + done
    const size = Math.min(length - done, MOST)
    if (isForbidden) {
      done += copyStaged(direction, from, address + done, size)
      continue
    }
    put(iov_base, address + done)
    put(iov_len, size)
    put(structs.iovec.size + iov_base, from)
    put(structs.iovec.size + iov_len, size)
    const copied = libc[direction](process.pid, local, 1, remote, 1, 0)
    if (copied > 0) done += copied
    else if (copied === -1) refused(direction)
    else throw osError(EFAULT, direction)
  }
}

function put(offset: number, value: number): void {
  vectors.writeUInt32LE(value % 0x1_0000_0000, offset)
  vectors.writeUInt32LE(Math.floor(value / 0x1_0000_0000), offset + 4)
}

/** Handles a failed call: an OSError, or the way through a file, for good. */
function refused(direction: Direction): void {
  const errno = lastErrno()
  if (errno !== EPERM && errno !== ENOSYS) throw osError(errno, direction)
  isForbidden = true
}

/** The most that goes through the file at a time. */
const STAGED = 1 << 20

/**
 * Copies a piece through a file. pwrite(2) and pread(2) report EFAULT as well. Each piece has a file of its own: one that
 * stays open could be closed by `closerange`, and its number be that of another file.
 */
function copyStaged(direction: Direction, from: Address, address: Address, length: number): number {
  const [source, target] = direction === 'process_vm_readv' ? [from, address] : [address, from]
  let fd: number
  while ((fd = libc.memfd_create('mmap', MFD_CLOEXEC)) === -1) failed('memfd_create')
  try {
    let size: number
    while ((size = libc.pwriteFrom(fd, source, Math.min(length, STAGED), 0)) === -1) failed('pwrite')
    let copied: number
    while ((copied = libc.pread(fd, target, size, 0)) === -1) failed('pread')
    if (copied === 0) throw osError(EFAULT, 'pread')
    return copied
  } finally {
    libc.close(fd)
  }
}

/** Reads bytes of a mapping. */
export function readBytes(mapping: Mapping, offset: number, length: number): Buffer<ArrayBuffer> {
  if (length <= SMALL_RESULT) {
    copy('process_vm_readv', mapping, offset, scratchAddress, length)
    return bytesAt(0, length)
  }
  const bytes = Buffer.allocUnsafeSlow(length)
  copy('process_vm_readv', mapping, offset, addressOf(bytes), length)
  return bytes
}

/** Writes bytes to a mapping. */
export function writeBytes(mapping: Mapping, offset: number, bytes: Uint8Array, length: number): void {
  if (length > 0) copy('process_vm_writev', mapping, offset, addressOf(bytes), length)
}

/**
 * An ArrayBuffer over a mapping, which stays mapped from now on: koffi's views do not detach. For memory whose pages can
 * neither vanish nor be protected.
 */
export function viewOfMapping(mapping: Mapping): ArrayBuffer {
  const memory = viewOf(mapping.address, mapping.size)
  mapping.wasViewed = true
  return memory
}

/** How much is searched or moved at a time. */
const PIECE = 1 << 18

/** The offset of the first occurrence of bytes between two offsets; -1 for none. */
export function indexIn(mapping: Mapping, bytes: Uint8Array, start: number, end: number): number {
  if (bytes.length === 0) return start <= end ? start : -1
  const overlap = bytes.length - 1
  for (let at = start; at + bytes.length <= end; at += PIECE) {
    const piece = readBytes(mapping, at, Math.min(PIECE + overlap, end - at))
    const found = piece.indexOf(bytes)
    if (found !== -1) return at + found
  }
  return -1
}

/** The offset of the last occurrence. */
export function lastIndexIn(mapping: Mapping, bytes: Uint8Array, start: number, end: number): number {
  if (bytes.length === 0) return start <= end ? end : -1
  const overlap = bytes.length - 1
  for (let last = end; last - start >= bytes.length; last -= PIECE) {
    const from = Math.max(start, last - PIECE - overlap)
    const found = readBytes(mapping, from, last - from).lastIndexOf(bytes)
    if (found !== -1) return from + found
    if (from === start) break
  }
  return -1
}

const NEWLINE = Buffer.from('\n')

/** The offset behind the next newline; the size of the mapping if there is none. */
export function endOfLine(mapping: Mapping, start: number): number {
  const newline = indexIn(mapping, NEWLINE, start, mapping.size)
  return newline === -1 ? mapping.size : newline + 1
}

/** Moves bytes within a mapping; the ranges may overlap. */
export function moveBytes(mapping: Mapping, to: number, from: number, count: number): void {
  for (let done = 0; done < count; ) {
    const size = Math.min(PIECE, count - done)
    // As memmove(3): from the end where the target is behind the source.
    const at = to <= from ? done : count - done - size
    writeBytes(mapping, to + at, readBytes(mapping, from + at, size), size)
    done += size
  }
}

/** msync(2) of a part. */
export function synchronize(mapping: Mapping, offset: number, size: number): void {
  while (libc.msync(mapping.address + offset, size, constants.MS_SYNC) === -1) failed('msync')
}

/** madvise(2) of a part. */
export function advise(mapping: Mapping, option: number, start: number, length: number): void {
  while (libc.madvise(mapping.address + start, length, option) === -1) failed('madvise')
}
