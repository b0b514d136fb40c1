import { AuditEvent } from '../audit.ts'
import { badValue, outOfRange, wrongType } from '../errors.ts'
import { failed, osError } from '../libc/call.ts'
import { constants, errnoNumbers } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { byteLength, view } from '../os/arguments/buffers.ts'
import { type Descriptor, descriptor } from '../os/arguments/descriptors.ts'
import { bool, int, int64 } from '../os/arguments/numbers.ts'
import { optional } from '../os/arguments/options.ts'
import { fstat } from '../os/files/status.ts'
import { BufferError } from './buffer_error.ts'
import { ACCESS_COPY, ACCESS_DEFAULT, ACCESS_READ, PAGESIZE } from './constants.ts'
import {
  advise,
  duplicate,
  endOfLine,
  indexIn,
  lastIndexIn,
  type Mapping,
  map,
  moveBytes,
  readBytes,
  release,
  remap,
  synchronize,
  viewOfMapping,
  writeBytes,
} from './memory.ts'
import { accessOf, bytesOf, type MmapOptions, sizeInFile } from './opening.ts'
import { isPlain, isPlainAdvice } from './plain_memory.ts'
import { checkMove, indexWithin, integer, part, range, within } from './ranges.ts'

const { MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE } = constants
const { EINVAL } = errnoNumbers

const newEvent = new AuditEvent('mmap.__new__')

/** Releases mappings whose object was collected without `close`. */
const forgotten = new FinalizationRegistry<Mapping>(release)

/** An ArrayBuffer keeps its mapping: its memory stays mapped as long as either is reachable. */
const owners = new WeakMap<ArrayBuffer, mmap>()

/**
 * mmap(2): a file in memory, or memory without a file that children of `os.fork` share.
 *
 * It is read and written as a file, with a position, and as an array of bytes. All access is by calls that copy. So a
 * file that another process truncates makes them throw an OSError (EFAULT), where other languages end with SIGBUS.
 * `view` returns memory without a file as an ArrayBuffer.
 *
 * @param fileno the file: its descriptor, which can be closed afterwards; -1 for memory without a file
 * @param length the size in bytes; 0 for the rest of the file
 * @param flags MAP_SHARED, the default, or MAP_PRIVATE, with other MAP_*
 * @param prot PROT_*; by default PROT_READ and PROT_WRITE
 * @param access ACCESS_READ, ACCESS_WRITE or ACCESS_COPY in place of `flags` and `prot`
 * @param offset where in the file the mapping starts: a multiple of ALLOCATIONGRANULARITY; 0 by default
 * @param options the same by name; `trackfd`: false keeps no descriptor of the file
 * @throws RangeError for an empty file, what is not within the file, and `access` together with `flags` or `prot`
 * @throws OSError as the system reports: EACCES for a file that is not open for this, EINVAL for other offsets and for
 *   memory of 0 bytes, ENODEV for what cannot be mapped, ENOMEM
 *
 * Availability: Linux. Audit event: `mmap.__new__` (fileno, length, access, offset). See mmap(2); Python, mmap.mmap.
 * @example
 * ```ts
 * const fd = os.open('data', os.O_RDWR | os.O_CREAT)
 * os.write(fd, Buffer.from('Hello Python!\n'))
 * using memory = new mmap.mmap(fd, 0)
 * memory.readline().toString() // => 'Hello Python!\n'
 * memory.slice(0, 5).toString() // => 'Hello'
 * memory.set_slice(6, 12, Buffer.from(' world'))
 * memory.find(Buffer.from('world'), 0) // => 7
 * os.close(fd)
 * ```
 */
export class mmap {
  readonly #mapping: Mapping
  readonly #flags: number
  readonly #prot: number
  readonly #access: number
  readonly #offset: number
  readonly #isTracked: boolean
  #position = 0
  #isAdvised = false
  #view: WeakRef<ArrayBuffer> | undefined

  constructor(fileno: Descriptor, length: number | bigint, options?: MmapOptions)
  constructor(
    fileno: Descriptor,
    length: number | bigint,
    flags?: number,
    prot?: number | MmapOptions,
    access?: number | MmapOptions,
    offset?: number | bigint | MmapOptions,
    options?: Pick<MmapOptions, 'trackfd'>,
  )
  constructor(fileno: Descriptor, length: number | bigint, ...rest: unknown[]) {
    const given = optional(['flags', 'prot', 'access', 'offset'], ['trackfd'], rest)
    const fd = descriptor(fileno, 'fileno')
    const asked = bytesOf(length, 'length')
    const [flags, prot, access] = accessOf(
      int(given.flags ?? MAP_SHARED, 'flags'),
      int(given.prot ?? PROT_READ | PROT_WRITE, 'prot'),
      int(given.access ?? ACCESS_DEFAULT, 'access'),
    )
    const offset = bytesOf(given.offset ?? 0, 'offset')
    this.#isTracked = bool(given.trackfd, 'trackfd', true)
    if (newEvent.wanted) newEvent.raise(fd, asked, access, offset)
    const size = fd === -1 ? asked : sizeInFile(fd, asked, offset)
    this.#flags = fd === -1 ? flags | MAP_ANONYMOUS : flags
    this.#prot = prot
    this.#access = access
    this.#offset = offset
    const own = fd === -1 || !this.#isTracked ? -1 : duplicate(fd)
    try {
      const address = map(size, prot, this.#flags, fd, offset)
      this.#mapping = { address, size, fd: own, wasViewed: false }
    } catch (error) {
      if (own !== -1) libc.close(own)
      throw error
    }
    forgotten.register(this, this.#mapping, this)
  }

  #opened(): Mapping {
    if (this.#mapping.address === 0) throw new RangeError('the mmap is closed')
    return this.#mapping
  }

  #writable(): Mapping {
    const mapping = this.#opened()
    if (this.#access === ACCESS_READ) throw new TypeError('the mmap is read-only')
    return mapping
  }

  /** Whether the mapping has been closed. */
  get closed(): boolean {
    return this.#mapping.address === 0
  }

  /** The size of the mapping, in bytes. */
  get length(): number {
    return this.#opened().size
  }

  /**
   * munmap(2): unmaps the memory. Closing it twice is allowed.
   *
   * @throws BufferError while an ArrayBuffer of `view` has not been collected
   */
  close(): void {
    if (this.closed) return
    if (this.#view?.deref() !== undefined) throw new BufferError('an ArrayBuffer over the mmap is in use')
    forgotten.unregister(this)
    release(this.#mapping)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /**
   * Returns bytes from the position on, which moves behind them.
   *
   * @param n how many at the most; left out, null or negative: all
   */
  read(n: number | bigint | null = null): Buffer {
    const mapping = this.#opened()
    const left = Math.max(0, mapping.size - this.#position)
    const asked = n === null ? -1 : Number(int64(n, 'n'))
    const count = asked < 0 ? left : Math.min(asked, left)
    const bytes = readBytes(mapping, this.#position, count)
    this.#position += count
    return bytes
  }

  /**
   * Returns the byte at the position, which moves behind it.
   *
   * @throws RangeError at the end
   */
  read_byte(): number {
    const mapping = this.#opened()
    if (this.#position >= mapping.size) throw new RangeError('there is no byte at the end of the mmap')
    const [byte = 0] = readBytes(mapping, this.#position, 1)
    this.#position++
    return byte
  }

  /** Returns bytes from the position to the next newline, with it, or to the end. The position moves behind them. */
  readline(): Buffer {
    const mapping = this.#opened()
    const start = this.#position
    // The mapping may have been made smaller.
    const line = readBytes(mapping, start, Math.max(0, endOfLine(mapping, start) - start))
    this.#position += line.length
    return line
  }

  /**
   * Writes bytes at the position, which moves behind them.
   *
   * @returns how many
   * @throws TypeError for a mapping that is read-only; RangeError if they do not fit
   */
  write(bytes: ArrayBufferView): number {
    const data = view(bytes, 'bytes')
    const mapping = this.#writable()
    const count = byteLength(data)
    if (count > mapping.size - this.#position) throw outOfRange('bytes', 'within the mmap', bytes)
    writeBytes(mapping, this.#position, data, count)
    this.#position += count
    return count
  }

  /**
   * Writes a byte at the position, which moves behind it.
   *
   * @throws TypeError for a mapping that is read-only; RangeError at the end
   */
  write_byte(byte: number): void {
    const value = int(byte, 'byte', 0, 255)
    const mapping = this.#writable()
    if (this.#position >= mapping.size) throw new RangeError('there is no byte at the end of the mmap')
    writeBytes(mapping, this.#position, Uint8Array.of(value), 1)
    this.#position++
  }

  /**
   * Returns the offset of the first occurrence of bytes; -1 for none.
   *
   * @param start where to begin, by default at the position; negative: from the end
   * @param end where to stop, by default at the end
   */
  find(sub: ArrayBufferView, start: number | null = null, end: number | null = null): number {
    return this.#search(indexIn, sub, start, end)
  }

  /** Returns the offset of the last occurrence of bytes; -1 for none. `start` and `end` are those of `find`. */
  rfind(sub: ArrayBufferView, start: number | null = null, end: number | null = null): number {
    return this.#search(lastIndexIn, sub, start, end)
  }

  #search(search: typeof indexIn, sub: unknown, start: unknown, end: unknown): number {
    const bytes = view(sub, 'sub')
    const mapping = this.#opened()
    const from = start === null ? this.#position : within(integer(start, 'start'), mapping.size)
    const to = end === null ? mapping.size : within(integer(end, 'end'), mapping.size)
    return search(mapping, bytes, from, to)
  }

  /**
   * msync(2): writes changes to the file, and waits until they are on disk. The kernel would do that some day.
   *
   * @param offset the first byte: a multiple of PAGESIZE
   * @param size how many bytes; by default all from `offset` on
   * @throws RangeError for what is not within the mapping
   * @throws OSError as the system reports: EINVAL for another offset, EIO
   */
  flush(offset: number = 0, size: number | null = null): void {
    const mapping = this.#opened()
    const [from, count] = part(offset, size, mapping.size)
    if (this.#access === ACCESS_READ || this.#access === ACCESS_COPY) return
    synchronize(mapping, from, count)
  }

  /**
   * madvise(2): tells the kernel how the memory is used.
   *
   * @param option MADV_*
   * @param start the first byte: a multiple of PAGESIZE
   * @param length how many bytes; by default all from `start` on, and no more than there are
   * @throws RangeError for a start that is not within the mapping, and for a negative length
   * @throws BufferError for advice that makes memory inaccessible (MADV_DONTFORK, MADV_HWPOISON) while an ArrayBuffer is
   *   in use
   * @throws OSError as the system reports: EINVAL, EPERM, ENOMEM
   */
  madvise(option: number, start: number = 0, length: number | null = null): void {
    const advice = int(option, 'option')
    const mapping = this.#opened()
    const from = integer(start, 'start')
    const count = length === null ? mapping.size : integer(length, 'length')
    if (from < 0 || from >= mapping.size) throw outOfRange('start', 'within the mmap', start)
    if (count < 0) throw outOfRange('length', '>= 0', length)
    const isHarmless = isPlainAdvice(advice)
    if (!isHarmless && mapping.wasViewed) {
      throw new BufferError('memory that an ArrayBuffer is over has to stay accessible')
    }
    advise(mapping, advice, from, Math.min(count, mapping.size - from))
    if (!isHarmless) this.#isAdvised = true
  }

  /**
   * Copies bytes within the mapping. The ranges may overlap.
   *
   * @throws TypeError for a mapping that is read-only; RangeError for what is not within the mapping
   */
  move(dest: number, src: number, count: number): void {
    const distances = [integer(dest, 'dest'), integer(src, 'src'), integer(count, 'count')] as const
    const mapping = this.#writable()
    checkMove(...distances, mapping.size)
    moveBytes(mapping, ...distances)
  }

  /**
   * ftruncate(2) and mremap(2): changes the size of the mapping and of its file.
   *
   * @throws TypeError for ACCESS_READ and ACCESS_COPY
   * @throws BufferError once an ArrayBuffer of `view` has been made
   * @throws RangeError without a descriptor (`trackfd`: false), and to make shared memory without a file larger
   * @throws OSError as the system reports: EINVAL for 0, ENOMEM
   */
  resize(newsize: number | bigint): void {
    const size = bytesOf(newsize, 'newsize')
    const mapping = this.#opened()
    if (mapping.wasViewed) throw new BufferError('the mmap cannot be resized: an ArrayBuffer is over it')
    if (!this.#isTracked) throw new RangeError('the mmap cannot be resized: it has no descriptor (trackfd: false)')
    if (this.#access === ACCESS_READ || this.#access === ACCESS_COPY) {
      throw new TypeError('the mmap cannot be resized: it is read-only, or a copy')
    }
    if (size === 0) throw osError(EINVAL, 'mremap')
    if (this.#flags & MAP_ANONYMOUS && this.#flags & MAP_SHARED && size > mapping.size) {
      throw outOfRange('newsize', 'at most the size, for shared memory without a file', newsize)
    }
    if (mapping.fd !== -1) {
      while (libc.ftruncate(mapping.fd, this.#offset + size) === -1) failed('ftruncate', mapping.fd)
    }
    remap(mapping, size)
  }

  /**
   * Moves the position.
   *
   * @param pos the distance in bytes
   * @param whence where it is counted from: 0 the start, 1 the position, 2 the end
   * @returns the new position
   * @throws RangeError for a position that is not within the mapping
   */
  seek(pos: number | bigint, whence: number = 0): number {
    const distance = Number(int64(pos, 'pos'))
    const { size } = this.#opened()
    const start = [0, this.#position, size][int(whence, 'whence')]
    if (start === undefined) throw badValue('whence', 'must be 0, 1 or 2', whence)
    const position = start + distance
    if (position < 0 || position > size) throw outOfRange('pos', 'within the mmap', pos)
    this.#position = position
    return position
  }

  /** Whether the position can be moved: true. */
  seekable(): boolean {
    return true
  }

  /**
   * Returns the size of the file, which may be larger than the mapping; that of the mapping if there is no file.
   *
   * @throws RangeError without a descriptor (`trackfd`: false)
   */
  size(): number {
    const { fd, size } = this.#opened()
    if (fd !== -1) return Number(fstat(fd).st_size)
    if (!this.#isTracked) throw new RangeError('the size is not known: the mmap has no descriptor (trackfd: false)')
    return size
  }

  /** Returns the position. */
  tell(): number {
    this.#opened()
    return this.#position
  }

  /**
   * Returns the byte at an index, as `memory[index]` in Python.
   *
   * @param index negative: from the end
   * @throws RangeError for an index that is not within the mapping
   */
  at(index: number): number {
    const mapping = this.#opened()
    return readBytes(mapping, indexWithin(index, mapping.size), 1)[0] ?? 0
  }

  /**
   * Writes the byte at an index, as `memory[index] = byte` in Python.
   *
   * @throws TypeError for a mapping that is read-only
   * @throws RangeError for an index that is not within the mapping
   */
  set(index: number, byte: number): void {
    const value = int(byte, 'byte', 0, 255)
    const mapping = this.#writable()
    writeBytes(mapping, indexWithin(index, mapping.size), Uint8Array.of(value), 1)
  }

  /**
   * Returns a copy of the bytes between two indexes, as `memory[start:stop]` in Python: by default all, counted from the
   * end if negative, and those that are not there left out.
   */
  slice(start: number | null = null, stop: number | null = null): Buffer {
    const mapping = this.#opened()
    const [from, to] = range(start, stop, mapping.size)
    return readBytes(mapping, from, to - from)
  }

  /**
   * Writes the bytes between two indexes, as `memory[start:stop] = bytes` in Python.
   *
   * @throws TypeError for a mapping that is read-only
   * @throws RangeError for another number of bytes than there are between them
   */
  set_slice(start: number | null, stop: number | null, bytes: ArrayBufferView): void {
    const data = view(bytes, 'bytes')
    const mapping = this.#writable()
    const [from, to] = range(start, stop, mapping.size)
    if (byteLength(data) !== to - from) throw badValue('bytes', `must have ${to - from} bytes`, bytes)
    writeBytes(mapping, from, data, to - from)
  }

  /** All bytes, one after the other. */
  *[Symbol.iterator](): Generator<number, void, void> {
    for (let at = 0; at < this.length; ) {
      const piece = this.slice(at, at + PAGESIZE)
      yield* piece
      at += piece.length
    }
  }

  /**
   * Returns the memory itself, as an ArrayBuffer. It is there for memory that cannot vanish: without a file, or of a file
   * of `os.memfd_create` that is sealed against shrinking (F_SEAL_SHRINK); readable and writable.
   *
   * The memory stays mapped until the ArrayBuffer has been collected; until then `close` throws. From then on `resize`
   * throws. It cannot be transferred to a worker.
   *
   * @returns the same ArrayBuffer each time
   * @throws TypeError for other memory
   */
  view(): ArrayBuffer {
    const mapping = this.#opened()
    const known = this.#view?.deref()
    if (known) return known
    if (this.#isAdvised || !isPlain(mapping, this.#flags, this.#prot, this.#offset)) {
      throw wrongType('this', 'writable memory without a file, or of one that is sealed against shrinking', this)
    }
    const memory = viewOfMapping(mapping)
    this.#view = new WeakRef(memory)
    owners.set(memory, this)
    return memory
  }
}
