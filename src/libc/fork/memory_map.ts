import { constants, sysconfNames } from '../facts.ts'
import { libc } from '../functions.ts'
import { openProc, readFrom } from './proc.ts'

/**
 * V8 marks its heap so that fork(2) leaves it out of the child (Node builds it that way, to make `child_process`
 * cheaper). A child without a heap dies at its first step in JavaScript. So for the moment of the fork the mark is
 * taken off.
 *
 * All memory here is made once, and grows with the list of mappings: what a fork takes from V8's heap, it takes from
 * pages that the fork before has left to be copied at the first write, and several hundred such faults took a sixth of
 * its time.
 */

const { MADV_DOFORK, MADV_DONTFORK, MAP_ANONYMOUS, MAP_PRIVATE, PROT_NONE } = constants

/** Ranges of addresses: where each starts and ends, in the order of the addresses. */
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

  /**
   * Tells the kernel what to do with each at a fork. It makes nothing new, and asks for nothing that is not bound yet.
   */
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
  /** What may be done in each ("rw-p"), as one number, if it is private and anonymous as V8's heap is; 0 for others. */
  permissions = new Uint32Array(1024)
  /** 1 for those that are known to be left out of forks. */
  hasMark = new Uint8Array(1024)
  /** The indexes of those that madvise(2) refuses. */
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

/** Mappings that madvise(2) refuses, and at which it would stop: the kernel's own, devices, io_uring, and the stack. */
const REFUSED = /^\[(vvar|vdso|vectors|sigpage|uprobes|stack)|^\/dev\/(?!zero|shm)|^anon_inode:/

/** Below the lowest mapping that Linux allows by default. */
const LOWEST = 0x10000

/** Beyond what a user's process maps: what is listed there belongs to the kernel. */
const HIGHEST = 2 ** 55

/** The list of mappings as text, and how long it is. */
let text = Buffer.allocUnsafeSlow(1 << 16)
let length = 0
/** The same, as it was when it was read before. */
let lastText = Buffer.allocUnsafeSlow(1 << 16)
let lastLength = 0

/** Reads the list. Half of it will not do, so the memory grows with it. */
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

/** Whether the list is the same, to the byte, as it was before: comparing takes an eightieth of what parsing does. */
function isSameText(): boolean {
  return length === lastLength && text.compare(lastText, 0, length, 0, length) === 0
}

const [SPACE, SLASH, ZERO, NINE, LETTER_D, LETTER_P, NEW_LINE] = [0x20, 0x2f, 0x30, 0x39, 0x64, 0x70, 0x0a]
/** The letters "a" to "f" of a hexadecimal number stand so far behind their values. */
const LETTERS = 0x61 - 10
/**
 * How many bits of an address are worked out at once: so many that each step is a small integer, and not on the heap.
 */
const HALF = 28
const MASK = 2 ** HALF - 1

/** Where in the text reading has come to. */
let position = 0

/** Reads an address, of up to 56 bits, and passes over what ends it. */
function readAddress(): number {
  let high = 0
  let low = 0
  for (; ; position++) {
    const code = text[position] as number
    // A hyphen ends it, or a space: both codes are lower than those of the digits.
    if (code < ZERO) break
    high = ((high << 4) & MASK) | (low >>> (HALF - 4))
    low = ((low << 4) & MASK) | (code <= NINE ? code - ZERO : code - LETTERS)
  }
  position += 1
  return high * 2 ** HALF + low
}

/** Parses lines such as "7f0000000000-7f0000021000 rw-p 00000000 00:00 0      [name]". */
function parseInto(mappings: Mappings): void {
  mappings.clear()
  for (position = 0; position < length; ) {
    const start = readAddress()
    const end = readAddress()
    if (start >= HIGHEST) break
    const permissions = text.readUInt32BE(position)
    const isPrivate = text[position + 3] === LETTER_P
    skipFields(3)
    const isAnonymous = text[position] === ZERO
    skipFields(1)
    const isRefused = isRefusedHere()
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

/** Whether madvise(2) refuses the mapping whose name comes next, or the end of the line. Passes over both. */
function isRefusedHere(): boolean {
  while (text[position] === SPACE) position += 1
  const name = position
  if (text[name] !== NEW_LINE) position = text.indexOf(NEW_LINE, name)
  position += 1
  if (position - name === 1 || (text[name] === SLASH && text[name + 1] !== LETTER_D)) return false
  return REFUSED.test(text.toString('latin1', name, position - 1))
}

// ------------------------------------------------------------------------------------------------------------------

let pageSize = 0
/** Where the kernel puts what may lie anywhere. */
let placeOfKernel = 0
/** What was mapped at the last look, and what is now. */
let before = new Mappings()
let now = new Mappings()
/** What is mapped once the first pages have lost their mark. */
const after = new Mappings()
/** All of memory, in as few ranges as leave out what madvise(2) refuses. */
const whole = new Ranges()
/** What is left out of forks. */
const marked = new Ranges()

/** Whether all that is marked was recognised at the last look. */
let isRecognised = false

/** Looks at this process's memory. `excludeFromFork` must follow, even if no fork does. */
export function surveyMemory(): void {
  if (pageSize === 0) measure()
  readMappings()
  // What is recognised once, would be so again.
  if (isRecognised && isSameText()) return
  isRecognised = false
  ;[before, now] = [now, before]
  parseInto(now)
  findWhole()
  isRecognised = recogniseMarked()
  if (!isRecognised) findMarked()
}

function measure(): void {
  pageSize = Number(libc.sysconf(sysconfNames.SC_PAGESIZE))
  const place = Number(libc.mmap(0, pageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
  // C says -1 where there is no memory, and that is no place. Nothing is far from NaN.
  placeOfKernel = place % pageSize === 0 ? place : Number.NaN
  if (place % pageSize === 0) libc.munmap(place, pageSize)
}

/**
 * The holes between the mappings stay in: the kernel passes over them, and what is mapped there meanwhile is marked
 * too.
 */
function findWhole(): void {
  const { count, starts, ends, refused } = now
  whole.count = 0
  let start = LOWEST
  for (const index of refused) {
    const first = starts[index] as number
    if (first > start) whole.add(start, first)
    start = ends[index] as number
  }
  const last = ends[count - 1] ?? start
  if (last > start) whole.add(start, last)
}

/**
 * The kernel tells what is left out of forks in /proc/self/smaps alone, where it also counts every page: that takes
 * some milliseconds for each 100 MB of heap. But two neighbours that differ in this one mark are two mappings. So the
 * mark is taken off the first page of every mapping that could have it: those that thereby fall into two had it.
 */
function findMarked(): void {
  const { count, starts, ends, permissions, hasMark } = now
  for (let i = 0; i < count; i++) {
    const start = starts[i] as number
    if (permissions[i] !== 0 && (ends[i] as number) - start > pageSize) libc.madvise(start, pageSize, MADV_DOFORK)
  }
  // Should reading fail, then nothing is known the next time.
  now.count = 0
  readMappings()
  parseInto(after)
  now.count = count
  marked.count = 0
  let j = 1
  for (let i = 0; i < count; i++) {
    const second = (starts[i] as number) + pageSize
    while (j < after.count && (after.starts[j] as number) < second) j += 1
    hasMark[i] = isCut(i, j) ? 1 : 0
    if (hasMark[i] === 1) leaveOut(i, Math.min(ends[i] as number, after.ends[j] as number))
  }
}

/** Whether what is mapped now fell into two where another mapping now starts, which differs in nothing but the mark. */
function isCut(index: number, other: number): boolean {
  const permissions = now.permissions[index]
  const second = (now.starts[index] as number) + pageSize
  if (permissions === 0 || second >= (now.ends[index] as number) || other >= after.count) return false
  const isSplit = after.starts[other] === second && after.ends[other - 1] === second
  return isSplit && after.permissions[other] === permissions && after.permissions[other - 1] === permissions
}

/** So far from where the kernel puts mappings, there are only those of V8, which chooses its addresses at random. */
const FAR = 2 ** 43
/** Nobody else maps so much, to the byte, where V8 had mapped that. */
const HUGE = 2 ** 27

/**
 * Much the same is mapped at each fork, and finding the marks takes longer than all else that is done before it. So
 * what had the mark when it was last looked at, and was given it back, has it still: provided that only V8 can have
 * mapped it. Elsewhere another mapping may have taken the place of one that had it, and to leave that out of forks
 * would harm. What does not get its mark back there is less than a megabyte.
 *
 * @returns whether all has been recognised; not where V8 has mapped something since
 */
function recogniseMarked(): boolean {
  const { count, starts, ends, permissions, hasMark } = now
  marked.count = 0
  let j = 0
  for (let i = 0; i < count; i++) {
    const start = starts[i] as number
    const end = ends[i] as number
    hasMark[i] = 0
    if (permissions[i] === 0) continue
    if (!isFar(start) && end - start < HUGE) continue
    while (j < before.count && (before.starts[j] as number) < start) j += 1
    const isKnown =
      j < before.count &&
      before.starts[j] === start &&
      before.ends[j] === end &&
      before.permissions[j] === permissions[i]
    if (!isKnown) return false
    hasMark[i] = before.hasMark[j] as number
    if (hasMark[i] === 1) leaveOut(i, end)
  }
  return count > 0
}

/** Whether only V8 can have mapped what is there. */
function isFar(address: number): boolean {
  return Math.abs(address - placeOfKernel) > FAR
}

/**
 * Notes that a mapping is left out of forks, up to an end. V8 has one for each 256 KiB of its heap: where nothing else
 * lies between two of them they make one range. The kernel passes over the hole, and what V8 maps there meanwhile has
 * the mark anyway.
 */
function leaveOut(index: number, end: number): void {
  const start = now.starts[index] as number
  const last = marked.count - 1
  const goesOn = index > 0 && last >= 0 && marked.ends[last] === now.ends[index - 1]
  if (goesOn && isFar(start) && isFar(marked.starts[last] as number)) marked.ends[last] = end
  else marked.add(start, end)
}

/**
 * Has fork(2) copy everything. It is called right before: what V8 maps in between would be missing in the child. Ranges
 * end at mappings that are refused, and have holes (ENOMEM): what the calls return says nothing.
 */
export function includeInFork(): void {
  whole.advise(MADV_DOFORK)
}

/** Puts the mark back, or every later `child_process.spawn` would copy the page tables of V8's heap. */
export function excludeFromFork(): void {
  marked.advise(MADV_DONTFORK)
}
