import { constants, sysconfNames } from '../facts.ts'
import { libc } from '../functions.ts'
import { openProc, readFrom } from './proc.ts'

/**
 * V8 marks its heap with MADV_DONTFORK, so that fork(2) does not copy it to the child (Node enables this to make
 * `child_process` cheaper). A child without a heap crashes at its first step in JavaScript. So the mark is removed for
 * the duration of the fork.
 *
 * All memory here is allocated once, and grows with the list of mappings: allocations on V8's heap would touch pages
 * that are still shared with the previous child, and each first write copies a page (docs/performance.md, "Measured
 * decisions").
 */

const { MADV_DOFORK, MADV_DONTFORK, MAP_ANONYMOUS, MAP_PRIVATE, PROT_NONE } = constants

/** Ranges of addresses: the start and end of each, in ascending order. */
class Ranges {
  count = 0
  starts = new Float64Array(1024)
  ends = new Float64Array(1024)

  add(start: number, end: number): void {
    if (this.count === this.starts.length) this.grow()
    this.starts[this.count] = start
    this.ends[this.count] = end
    this.count += 1
  }

  grow(): void {
    const { starts, ends } = this
    this.starts = new Float64Array(2 * starts.length)
    this.ends = new Float64Array(2 * starts.length)
    this.starts.set(starts)
    this.ends.set(ends)
  }

  /** Calls madvise(2) for each range. It allocates nothing and uses only bound functions. */
  advise(advice: number): void {
    const { count, starts, ends } = this
    for (let i = 0; i < count; i++) {
      const start = starts[i] as number
      libc.madvise(start, (ends[i] as number) - start, advice)
    }
  }
}

/** The mappings of this process. */
class Mappings extends Ranges {
  /**
   * The permissions of each mapping ("rw-p") as one number, if it is private and anonymous as V8's heap is; 0 for
   * others.
   */
  permissions = new Uint32Array(1024)
  /** 1 for mappings that are known to be marked. */
  hasMark = new Uint8Array(1024)
  /** The indexes of the mappings that madvise(2) refuses. */
  readonly refused: number[] = []

  override grow(): void {
    super.grow()
    const { permissions, hasMark } = this
    this.permissions = new Uint32Array(this.starts.length)
    this.hasMark = new Uint8Array(this.starts.length)
    this.permissions.set(permissions)
    this.hasMark.set(hasMark)
  }

  clear(): void {
    this.count = 0
    this.refused.length = 0
  }
}

/**
 * The names of mappings that madvise(2) refuses and stops at: those of the kernel, devices, io_uring, and the stack.
 */
const REFUSED = /^\[(vvar|vdso|vectors|sigpage|uprobes|stack)|^\/dev\/(?!zero|shm)|^anon_inode:/

/** An address below the lowest mapping that Linux allows by default. */
const MIN_ADDRESS = 0x10000

/** An address above those of user processes: mappings there belong to the kernel. */
const MAX_ADDRESS = 2 ** 55

/** The text of the list of mappings, and its length. */
let text = Buffer.allocUnsafeSlow(1 << 16)
let length = 0
/** The text of the previous reading. */
let lastText = Buffer.allocUnsafeSlow(1 << 16)
let lastLength = 0

/** Reads the list. The buffer grows until the entire list fits. */
function readMappings(): void {
  const fd = openProc('/proc/self/maps')
  try {
    ;[text, lastText] = [lastText, text]
    ;[length, lastLength] = [0, length]
    for (let count = -1; count !== 0; length += count) {
      if (length === text.length) text = Buffer.concat([text], 2 * length)
      count = readFrom(fd, text.subarray(length), null)
    }
  } finally {
    libc.close(fd)
  }
}

/** Whether the text is identical to the previous one: comparing is much faster than parsing. */
function isSameText(): boolean {
  return length === lastLength && text.compare(lastText, 0, length, 0, length) === 0
}

const [SPACE, SLASH, ZERO, NINE, LETTER_D, LETTER_P, NEW_LINE] = [0x20, 0x2f, 0x30, 0x39, 0x64, 0x70, 0x0a]
/** The difference between the codes of the hexadecimal digits "a" to "f" and their values. */
const LETTER_OFFSET = 0x61 - 10
/**
 * How many bits of an address are computed at a time: so few that intermediate results are small integers, which V8
 * does not allocate on the heap.
 */
const HALF_BITS = 28
const MASK = 2 ** HALF_BITS - 1

/** The current position in the text. */
let position = 0

/** Reads an address of up to 56 bits, and skips the delimiter. */
function readAddress(): number {
  let high = 0
  let low = 0
  for (; ; position++) {
    const code = text[position] as number
    // The delimiter is a hyphen or a space: both have lower codes than the digits.
    if (code < ZERO) break
    high = ((high << 4) & MASK) | (low >>> (HALF_BITS - 4))
    low = ((low << 4) & MASK) | (code <= NINE ? code - ZERO : code - LETTER_OFFSET)
  }
  position += 1
  return high * 2 ** HALF_BITS + low
}

/** Parses lines such as "7f0000000000-7f0000021000 rw-p 00000000 00:00 0      [name]". */
function parseInto(mappings: Mappings): void {
  mappings.clear()
  for (position = 0; position < length; ) {
    const start = readAddress()
    const end = readAddress()
    if (start >= MAX_ADDRESS) break
    const permissions = text.readUInt32BE(position)
    const isPrivate = text[position + 3] === LETTER_P
    skipFields(3)
    const isAnonymous = text[position] === ZERO
    skipFields(1)
    const isRefused = skipNameAndCheckRefused()
    if (isRefused) mappings.refused.push(mappings.count)
    mappings.permissions[mappings.count] = isPrivate && isAnonymous && !isRefused ? permissions : 0
    mappings.add(start, end)
  }
}

function skipFields(count: number): void {
  for (let left = count; left > 0; position++) {
    if (text[position] === SPACE) left -= 1
  }
}

/** Whether madvise(2) refuses the mapping whose name follows. Skips the name and the end of the line. */
function skipNameAndCheckRefused(): boolean {
  while (text[position] === SPACE) position += 1
  const name = position
  if (text[name] !== NEW_LINE) position = text.indexOf(NEW_LINE, name)
  position += 1
  if (position - name === 1 || (text[name] === SLASH && text[name + 1] !== LETTER_D)) return false
  return REFUSED.test(text.toString('latin1', name, position - 1))
}

// ------------------------------------------------------------------------------------------------------------------

let pageSize = 0
/** The address at which the kernel places mappings without a hint. */
let kernelAddress = 0
/** The mappings of the previous survey, and of the current one. */
let previous = new Mappings()
let current = new Mappings()
/** The mappings after the marks of first pages have been removed. */
const afterClearing = new Mappings()
/** The entire memory, in as few ranges as possible without the mappings that madvise(2) refuses. */
const allMemory = new Ranges()
/** The marked ranges. */
const marked = new Ranges()

/** Whether all marked mappings were recognized in the last survey. */
let isRecognised = false

/** Surveys the memory of this process. `excludeFromFork` must be called afterwards, even if no fork follows. */
export function surveyMemory(): void {
  if (pageSize === 0) measure()
  readMappings()
  // Mappings that have been recognized once are recognized again.
  if (isRecognised && isSameText()) return
  isRecognised = false
  ;[previous, current] = [current, previous]
  parseInto(current)
  findAllMemory()
  isRecognised = recogniseMarked()
  if (!isRecognised) findMarked()
}

function measure(): void {
  pageSize = Number(libc.sysconf(sysconfNames.SC_PAGESIZE))
  const place = Number(libc.mmap(0, pageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
  // mmap returns -1 on failure, which is not a multiple of the page size. No address is far from NaN.
  kernelAddress = place % pageSize === 0 ? place : Number.NaN
  if (place % pageSize === 0) libc.munmap(place, pageSize)
}

/**
 * The ranges include the holes between mappings: the kernel skips them, and mappings that are created in them meanwhile
 * are included.
 */
function findAllMemory(): void {
  const { count, starts, ends, refused } = current
  allMemory.count = 0
  let start = MIN_ADDRESS
  for (const index of refused) {
    const first = starts[index] as number
    if (first > start) allMemory.add(start, first)
    start = ends[index] as number
  }
  const last = ends[count - 1] ?? start
  if (last > start) allMemory.add(start, last)
}

/**
 * The kernel reports marks only in /proc/self/smaps, where it also counts every page, which takes milliseconds for a
 * large heap. But adjacent pages with different marks belong to different mappings. So the mark is removed from the
 * first page of every mapping that could have it: the mappings that are thereby split in two had it.
 */
function findMarked(): void {
  const { count, starts, ends, permissions, hasMark } = current
  for (let i = 0; i < count; i++) {
    const start = starts[i] as number
    if (permissions[i] !== 0 && (ends[i] as number) - start > pageSize) libc.madvise(start, pageSize, MADV_DOFORK)
  }
  // Should reading fail, nothing is known in the next survey.
  current.count = 0
  readMappings()
  parseInto(afterClearing)
  current.count = count
  marked.count = 0
  let j = 1
  for (let i = 0; i < count; i++) {
    const second = (starts[i] as number) + pageSize
    while (j < afterClearing.count && (afterClearing.starts[j] as number) < second) j += 1
    hasMark[i] = wasSplit(i, j) ? 1 : 0
    if (hasMark[i] === 1) addMarked(i, Math.min(ends[i] as number, afterClearing.ends[j] as number))
  }
}

/** Whether a mapping was split: another mapping starts within it that differs only in the mark. */
function wasSplit(index: number, other: number): boolean {
  const permissions = current.permissions[index]
  const second = (current.starts[index] as number) + pageSize
  if (permissions === 0 || second >= (current.ends[index] as number) || other >= afterClearing.count) return false
  const isSplit = afterClearing.starts[other] === second && afterClearing.ends[other - 1] === second
  return (
    isSplit && afterClearing.permissions[other] === permissions && afterClearing.permissions[other - 1] === permissions
  )
}

/** The distance from the kernel's mappings beyond which only V8 maps memory: it chooses its addresses at random. */
const FAR_DISTANCE = 2 ** 43
/** The size from which a mapping of the same address and size is certain to be V8's. */
const UNIQUE_SIZE = 2 ** 27

/**
 * Finds the marked mappings by comparison with the previous survey. The mappings change little from fork to fork, and
 * finding the marks takes longer than everything else before the fork. A mapping that was marked in the previous
 * survey, and got its mark back, is still marked, provided that only V8 can have mapped it. Elsewhere another mapping
 * may have replaced a marked one, and must not be excluded from forks. Less than a megabyte of the V8 heap loses its mark
 * by this rule.
 *
 * @returns whether all mappings have been recognized; false where V8 has created new ones
 */
function recogniseMarked(): boolean {
  const { count, starts, ends, permissions, hasMark } = current
  marked.count = 0
  let j = 0
  for (let i = 0; i < count; i++) {
    const start = starts[i] as number
    const end = ends[i] as number
    hasMark[i] = 0
    if (permissions[i] === 0) continue
    if (!isFar(start) && end - start < UNIQUE_SIZE) continue
    while (j < previous.count && (previous.starts[j] as number) < start) j += 1
    const isKnown =
      j < previous.count &&
      previous.starts[j] === start &&
      previous.ends[j] === end &&
      previous.permissions[j] === permissions[i]
    if (!isKnown) return false
    hasMark[i] = previous.hasMark[j] as number
    if (hasMark[i] === 1) addMarked(i, end)
  }
  return count > 0
}

/** Whether only V8 can have mapped memory at this address. */
function isFar(address: number): boolean {
  return Math.abs(address - kernelAddress) > FAR_DISTANCE
}

/**
 * Adds a mapping, up to an end, to the marked ranges. V8 has one mapping for each 256 KiB of its heap: those with only
 * holes between them form one range. The kernel skips a hole, and V8 marks what it maps there meanwhile anyway.
 */
function addMarked(index: number, end: number): void {
  const start = current.starts[index] as number
  const last = marked.count - 1
  const continuesLast = index > 0 && last >= 0 && marked.ends[last] === current.ends[index - 1]
  if (continuesLast && isFar(start) && isFar(marked.starts[last] as number)) marked.ends[last] = end
  else marked.add(start, end)
}

/**
 * Makes fork(2) copy all memory. It is called right before the fork: memory that V8 maps in between would be missing in
 * the child. Results are ignored: ranges have holes (ENOMEM), and end at mappings that are refused.
 */
export function clearDontFork(): void {
  allMemory.advise(MADV_DOFORK)
}

/** Restores the mark. Without it every later `child_process.spawn` would copy the page tables of the V8 heap. */
export function restoreDontFork(): void {
  marked.advise(MADV_DONTFORK)
}
