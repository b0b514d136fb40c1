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
 * Reads a directory with one call on the pool, scandir(3). Handing a call to a thread and back costs more than the call
 * itself (docs/performance.md, "Measured decisions").
 *
 * scandir(3) takes a path and follows links. Where links must not be followed, the inode number of the "." entry is
 * compared with the number that the parent directory reported. A different number means that the path now leads to
 * another file, or that a file system is mounted there; the directory is then read by descriptor, with O_NOFOLLOW.
 */

const { AT_FDCWD, DT_DIR } = constants
const { d_ino, d_type, d_name } = structs.dirent64.offsets

/**
 * The inode number that the parent directory reports for a directory. It identifies the file only within its file
 * system.
 */
export type Inode = bigint

/** The numbers that file systems without inode numbers report. */
const UNKNOWN_INODES: ReadonlySet<Inode> = new Set([0n, 0xffff_ffffn, 0xffff_ffff_ffff_ffffn])

/** The result of reading a directory with scandir(3). */
export interface ScannedDirectory {
  readonly listing: Listing
  /** The inode numbers of the subdirectories, by name. */
  readonly inodes: ReadonlyMap<string, Inode>
}

const POINTER = 8
/**
 * How many entries are copied at a time: as many as fit into scratch memory, with their pointers and names of maximal
 * length.
 */
const BATCH_SIZE = 240
/** How many batches are copied in one turn of the event loop, which they block. */
const BATCHES_PER_TURN = 4

// The layout of scratch memory while a batch is copied: types and names, then an inode, then pointers to the entries.
const POINTERS = SCRATCH_SIZE - BATCH_SIZE * POINTER
const INODE = POINTERS - POINTER

// Constants of this module, which V8 can inline; imported bindings it cannot.
const scratchBytes = scratch
const scratchWords = new Uint32Array(scratch.buffer)
const scratchLongs = new BigUint64Array(scratch.buffer)

class ScandirJob implements Job {
  readonly name = 'scandir'
  readonly returnsErrno: boolean = false
  readonly memorySize: number = POINTER
  readonly abandoned: boolean = false
  readonly #path: string
  readonly #expected: Inode | undefined
  readonly #isStopped: () => boolean
  readonly #resolve: (whole: ScannedDirectory | undefined | Promise<ScannedDirectory>) => void
  readonly #reject: (reason: unknown) => void
  readonly #entries: Entries
  readonly #inodes = new Map<string, Inode>()
  /** The array that scandir(3) allocated and this job frees; its length, and how many entries have been processed. */
  #list: Address = 0
  #count = 0
  #done = 0
  #ownInode: Inode | undefined
  /** Whether a name was longer than a file name can be. */
  #isNameTooLong = false

  constructor(
    path: string,
    expected: Inode | undefined,
    isStopped: () => boolean,
    resolve: (whole: ScannedDirectory | undefined | Promise<ScannedDirectory>) => void,
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
    this.#processEntries()
  }

  failedToStart(error: unknown): void {
    this.#reject(error)
  }

  /** Processes entries, as many as are allowed in one turn of the event loop. */
  #processEntries(): void {
    for (let pieces = 0; this.#done < this.#count; pieces++) {
      if (pieces === BATCHES_PER_TURN) {
        setImmediate(() => this.#processEntries())
        return
      }
      this.#processBatch()
    }
    libc.free(this.#list)
    this.#resolve(this.#result())
  }

  #processBatch(): void {
    const count = Math.min(BATCH_SIZE, this.#count - this.#done)
    libc.memcpy(scratchAddress + POINTERS, this.#list + this.#done * POINTER, count * POINTER)
    this.#done += count
    const isWanted = !this.#isNameTooLong && !this.#isStopped()
    const inodes: Inode[] = []
    let end = 0
    for (let at = POINTERS >> 2; at < (POINTERS >> 2) + 2 * count; at += 2) {
      const entry = (scratchWords[at] as number) + (scratchWords[at + 1] as number) * 0x1_0000_0000
      if (isWanted && end !== -1) end = copyEntry(entry, end, inodes)
      libc.free(entry)
    }
    if (!isWanted) return
    if (end === -1) this.#isNameTooLong = true
    else this.#add(end, inodes)
  }

  /** Adds the entries in scratch memory, except "." and "..". */
  #add(size: number, inodes: readonly Inode[]): void {
    const { names, types } = this.#entries
    const block = scratchBytes.toString('latin1', 0, size)
    let directories = 0
    for (let at = 0; at < size; ) {
      const type = scratchBytes[at] as number
      const inode = type === DT_DIR ? inodes[directories++] : undefined
      const start = at + 1
      let end = start
      let all = 0
      for (let byte = scratchBytes[start] as number; byte !== 0; byte = scratchBytes[++end] as number) all |= byte
      at = end + 1
      if (isDotName(start)) {
        if (end === start + 1) this.#ownInode = inode
        continue
      }
      const name = all < 0x80 ? block.slice(start, end) : decode(scratchBytes, start, end)
      names.push(name)
      types.push(type)
      if (inode !== undefined && !UNKNOWN_INODES.has(inode)) this.#inodes.set(name, inode)
    }
    this.#entries.resolveTypes()
  }

  #result(): ScannedDirectory | undefined | Promise<ScannedDirectory> {
    const isOther = this.#expected !== undefined && this.#ownInode !== this.#expected
    if (isOther || this.#isNameTooLong) return undefined
    const inodes = this.#inodes
    const listing = this.#entries.sorted()
    return listing instanceof Promise ? listing.then((listing) => ({ listing, inodes })) : { listing, inodes }
  }
}

/**
 * Copies an entry's type and name to scratch memory. It reads no byte after the name's NUL, and writes only within the
 * reserved area.
 *
 * @param inodes gets the inode number of a directory
 * @returns where the next entry goes; -1 where the name is longer than a file name can be
 */
function copyEntry(entry: Address, at: number, inodes: Inode[]): number {
  let end = libc.memccpy(scratchAddress + at, entry + d_type, 0, INODE - at)
  // memccpy stopped at the type, which is 0: DT_UNKNOWN.
  if (end === scratchAddress + at + 1) end = libc.memccpy(end, entry + d_name, 0, INODE - at - 1)
  if (end === 0) return -1
  if (scratchBytes[at] === DT_DIR) {
    libc.memcpy(scratchAddress + INODE, entry + d_ino, POINTER)
    inodes.push(scratchLongs[INODE >> 3] as Inode)
  }
  return end - scratchAddress
}

/**
 * Reads a directory with scandir(3).
 *
 * @param expected the directory's inode; undefined to accept any directory, also one that a link leads to
 * @param isStopped whether the walk has been aborted: then the entries are freed without being processed
 * @returns undefined where the inode differs from the expected one, or is unknown
 */
export function readByScandir(
  path: string,
  expected: Inode | undefined,
  isStopped: () => boolean,
): Promise<ScannedDirectory | undefined> {
  return new Promise((resolve, reject) => {
    inBackground(new ScandirJob(path, expected, isStopped, resolve, reject))
  })
}
