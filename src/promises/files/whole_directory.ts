import { type Block, inBackground, type Job } from '../../libc/background.ts'
import { osError } from '../../libc/call.ts'
import { constants, structs } from '../../libc/facts.ts'
import { type Address, type Int64, libc } from '../../libc/functions.ts'
import { SCRATCH_SIZE, scratch, scratchAddress } from '../../libc/memory.ts'
import { decode } from '../../libc/strings.ts'
import { cString } from '../../os/arguments/paths.ts'
import { isDotName } from '../../os/files/directory_stream.ts'
import type { Listing } from '../../os/files/walk.ts'
import { joinPath } from '../../os/system/pathnames.ts'
import { Entries } from './listing.ts'

/**
 * Reading a directory in one trip to the pool, by scandir(3). A trip costs more than what is done there: waking a
 * thread, and being woken (measured: 8 µs, of which two threads have their share; opening and reading a directory takes
 * 5).
 *
 * scandir(3) goes by a path and follows links. Where they must not be followed, the number of the inode that the
 * directory gives itself is compared with the one that it was found under: another one means that it is something else
 * by now, or that something is mounted there, and it is read in a way that can be told not to follow.
 */

const { AT_FDCWD, DT_DIR } = constants
const { d_ino, d_type, d_name } = structs.dirent64.offsets

/** What a directory is found under: a number that means nothing on other file systems. */
export type Inode = bigint

/** File systems that know no numbers tell one of these. */
const UNKNOWN: ReadonlySet<Inode> = new Set([0n, 0xffff_ffffn, 0xffff_ffff_ffff_ffffn])

/** A directory that has been read as a whole. */
export interface Whole {
  readonly listing: Listing
  /** Under which numbers directories in it were found. */
  readonly inodes: ReadonlyMap<string, Inode>
}

const POINTER = 8
/**
 * How many entries are taken at once: as many as scratch memory has room for, with pointers to them and the longest
 * names.
 */
const PIECE = 240
/** How many such pieces are taken in one turn of the event loop, which waits about half a millisecond for them. */
const IN_A_TURN = 4

// Scratch memory, while a piece is taken: types and names, then an inode, then pointers to the entries.
const POINTERS = SCRATCH_SIZE - PIECE * POINTER
const INODE = POINTERS - POINTER

// Constants of this module, which V8's compiler can rely on, unlike imports.
const texts = scratch
const words = new Uint32Array(scratch.buffer)
const longs = new BigUint64Array(scratch.buffer)

class WholeReading implements Job {
  readonly name = 'scandir'
  readonly returnsErrno: boolean = false
  readonly memorySize: number = POINTER
  readonly abandoned: boolean = false
  readonly #path: string
  readonly #expected: Inode | undefined
  readonly #isStopped: () => boolean
  readonly #resolve: (whole: Whole | undefined | Promise<Whole>) => void
  readonly #reject: (reason: unknown) => void
  readonly #entries: Entries
  readonly #inodes = new Map<string, Inode>()
  /** C's list of the entries, which it leaves to us to free; how long it is, and how much of it is done with. */
  #list: Address = 0
  #count = 0
  #done = 0
  #own: Inode | undefined
  /** Whether a name was longer than any name is. */
  #isUnfit = false

  constructor(
    path: string,
    expected: Inode | undefined,
    isStopped: () => boolean,
    resolve: (whole: Whole | undefined | Promise<Whole>) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#path = path
    this.#expected = expected
    this.#isStopped = isStopped
    this.#resolve = resolve
    this.#reject = reject
    this.#entries = new Entries(AT_FDCWD, (name) => joinPath(path, name))
  }

  arguments({ address }: Block): readonly unknown[] {
    return [cString(this.#path, 'path'), address, 0, 0]
  }

  done(result: Int64, errno: number, { bytes }: Block): void {
    if (errno !== 0) {
      this.#reject(osError(errno, 'scandir', this.#path))
      return
    }
    this.#list = bytes.readUInt32LE(0) + bytes.readUInt32LE(4) * 0x1_0000_0000
    this.#count = Number(result)
    this.#go()
  }

  refused(error: unknown): void {
    this.#reject(error)
  }

  /** Takes entries, as many as may be taken in one turn of the event loop. */
  #go(): void {
    for (let pieces = 0; this.#done < this.#count; pieces++) {
      if (pieces === IN_A_TURN) {
        setImmediate(() => this.#go())
        return
      }
      this.#takePiece()
    }
    libc.free(this.#list)
    this.#resolve(this.#result())
  }

  #takePiece(): void {
    const count = Math.min(PIECE, this.#count - this.#done)
    libc.memcpy(scratchAddress + POINTERS, this.#list + this.#done * POINTER, count * POINTER)
    this.#done += count
    const isWanted = !this.#isUnfit && !this.#isStopped()
    const inodes: Inode[] = []
    let end = 0
    for (let at = POINTERS >> 2; at < (POINTERS >> 2) + 2 * count; at += 2) {
      const entry = (words[at] as number) + (words[at + 1] as number) * 0x1_0000_0000
      if (isWanted && end !== -1) end = copyEntry(entry, end, inodes)
      libc.free(entry)
    }
    if (!isWanted) return
    if (end === -1) this.#isUnfit = true
    else this.#add(end, inodes)
  }

  /** Adds the entries that stand in scratch memory, but for "." and "..". */
  #add(size: number, inodes: readonly Inode[]): void {
    const { names, types } = this.#entries
    const block = texts.toString('latin1', 0, size)
    let directories = 0
    for (let at = 0; at < size; ) {
      const type = texts[at] as number
      const inode = type === DT_DIR ? inodes[directories++] : undefined
      const start = at + 1
      let end = start
      let all = 0
      for (let byte = texts[start] as number; byte !== 0; byte = texts[++end] as number) all |= byte
      at = end + 1
      if (isDotName(start)) {
        if (end === start + 1) this.#own = inode
        continue
      }
      const name = all < 0x80 ? block.slice(start, end) : decode(texts, start, end)
      names.push(name)
      types.push(type)
      if (inode !== undefined && !UNKNOWN.has(inode)) this.#inodes.set(name, inode)
    }
    this.#entries.clarify()
  }

  #result(): Whole | undefined | Promise<Whole> {
    const isOther = this.#expected !== undefined && this.#own !== this.#expected
    if (isOther || this.#isUnfit) return undefined
    const inodes = this.#inodes
    const listing = this.#entries.sorted()
    return listing instanceof Promise ? listing.then((listing) => ({ listing, inodes })) : { listing, inodes }
  }
}

/**
 * Copies an entry's type and name to scratch memory: no byte behind the name's NUL is read, or written beyond what
 * there is room for.
 *
 * @param inodes gets the number of a directory
 * @returns where the next one goes; -1 where the name is longer than any name is
 */
function copyEntry(entry: Address, at: number, inodes: Inode[]): number {
  let end = libc.memccpy(scratchAddress + at, entry + d_type, 0, INODE - at)
  // The type itself was 0: DT_UNKNOWN.
  if (end === scratchAddress + at + 1) end = libc.memccpy(end, entry + d_name, 0, INODE - at - 1)
  if (end === 0) return -1
  if (texts[at] === DT_DIR) {
    libc.memcpy(scratchAddress + INODE, entry + d_ino, POINTER)
    inodes.push(longs[INODE >> 3] as Inode)
  }
  return end - scratchAddress
}

/**
 * Reads a directory as a whole.
 *
 * @param expected what it has to be: undefined where it may be anything, even what a link points to
 * @param isStopped whether nobody wants to know any more: then what has been read is let go
 * @returns undefined where it is not what was expected, or cannot be told to be
 */
export function readWhole(
  path: string,
  expected: Inode | undefined,
  isStopped: () => boolean,
): Promise<Whole | undefined> {
  return new Promise((resolve, reject) => {
    inBackground(new WholeReading(path, expected, isStopped, resolve, reject))
  })
}
