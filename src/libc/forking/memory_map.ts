import { closeSync, readSync } from 'node:fs'
import { constants, sysconfNames } from '../facts.ts'
import { libc } from '../functions.ts'
import { openProc } from './proc.ts'

/**
 * V8 marks its heap so that fork(2) leaves it out of the child (Node builds it that way, to make `child_process` cheaper).
 * A child without a heap dies at its first step in JavaScript. So for the moment of the fork the mark is taken off.
 */

const { MADV_DOFORK, MADV_DONTFORK } = constants

/** Where a range of addresses starts, and how long it is, in bytes. */
export type AddressRange = readonly [start: number, length: number]

/** What a fork has to know of this process's memory. */
export interface Survey {
  /** All of it, in as few ranges as leave out what madvise(2) refuses. */
  readonly whole: readonly AddressRange[]
  /** What is left out of forks. */
  readonly unforked: readonly AddressRange[]
}

/** Mappings that madvise(2) refuses, and at which it would stop: the kernel's own, devices, io_uring, and the stack. */
const REFUSED = /^\[(vvar|vdso|vectors|sigpage|uprobes|stack)|^\/dev\/(?!zero|shm)|^anon_inode:/

/** Below the lowest mapping that Linux allows by default. */
const LOWEST = 0x10000

/** Beyond what a user's process maps: what is listed there belongs to the kernel. */
const HIGHEST = 2 ** 56

/** The mappings, in the order of their addresses; numbers side by side, because there are many. */
interface Mappings {
  readonly starts: number[]
  readonly ends: number[]
  /** Whether private and anonymous, as V8's heap is, and what may be done there ("rw-p"), as one number; 0 for others. */
  readonly permissions: number[]
  /** The indexes of those that madvise(2) refuses. */
  readonly refused: number[]
}

/** The list of mappings as text. It stays, because a new one at each fork would have V8 collect garbage. */
let text = Buffer.allocUnsafeSlow(1 << 16)

/** Reads the list, and returns its length. Half of it will not do, so the memory grows with it. */
function readMappings(): number {
  const fd = openProc('/proc/self/maps')
  try {
    for (let length = 0; ; ) {
      const count = readSync(fd, text, length, text.length - length, null)
      if (count === 0) return length
      length += count
      if (length === text.length) text = Buffer.concat([text], 2 * length)
    }
  } finally {
    closeSync(fd)
  }
}

const [SPACE, ZERO, NINE, LETTER_P, NEW_LINE] = [0x20, 0x30, 0x39, 0x70, 0x0a]
/** The letters "a" to "f" of a hexadecimal number stand so far behind their values. */
const LETTERS = 0x61 - 10

/** Where in the text reading has come to. */
let position = 0

function hexadecimal(): number {
  let value = 0
  for (; ; position++) {
    const code = text[position] as number
    // A hyphen ends it, or a space: both codes are lower than those of the digits.
    if (code < ZERO) break
    value = value * 16 + (code <= NINE ? code - ZERO : code - LETTERS)
  }
  position += 1
  return value
}

/** Reads lines such as "7f0000000000-7f0000021000 rw-p 00000000 00:00 0      [name]". */
function mappings(): Mappings {
  const length = readMappings()
  const result: Mappings = { starts: [], ends: [], permissions: [], refused: [] }
  for (position = 0; position < length; ) {
    const [start, end, permissions] = [hexadecimal(), hexadecimal(), text.readUInt32BE(position)]
    if (start >= HIGHEST) break
    const isPrivate = text[position + 3] === LETTER_P
    position += 5
    hexadecimal()
    position = text.indexOf(SPACE, position) + 1
    const isAnonymous = text[position] === ZERO
    let isRefused = false
    const endOfLine = text.indexOf(NEW_LINE, position)
    // Where there is no name, the line ends with a space.
    if (text[endOfLine - 1] !== SPACE) {
      while (text[position] !== SPACE) position += 1
      while (text[position] === SPACE) position += 1
      isRefused = REFUSED.test(text.toString('latin1', position, endOfLine))
    }
    if (isRefused) result.refused.push(result.starts.length)
    result.starts.push(start)
    result.ends.push(end)
    result.permissions.push(isPrivate && isAnonymous && !isRefused ? permissions : 0)
    position = endOfLine + 1
  }
  return result
}

/** The holes between the mappings stay in: the kernel passes over them, and what is mapped there meanwhile is marked too. */
function wholeMemory({ starts, ends, refused }: Mappings): AddressRange[] {
  const ranges: AddressRange[] = []
  let start = LOWEST
  for (const index of refused) {
    const first = starts[index] as number
    if (first > start) ranges.push([start, first - start])
    start = ends[index] as number
  }
  const last = ends.at(-1) ?? start
  if (last > start) ranges.push([start, last - start])
  return ranges
}

let pageSize = 0

/**
 * Looks at this process's memory. `excludeFromFork` must follow, even if no fork does.
 *
 * The kernel tells what is left out of forks in /proc/self/smaps alone, where it also counts every page: that takes some
 * milliseconds for each 100 MB of heap. But two neighbours that differ in this one mark are two mappings. So the mark is
 * taken off the first page of every mapping that could have it: those that thereby fall into two had it.
 */
export function surveyMemory(): Survey {
  if (pageSize === 0) pageSize = Number(libc.sysconf(sysconfNames.SC_PAGESIZE))
  const before = mappings()
  const { starts, ends, permissions } = before
  for (let i = 0; i < starts.length; i++) {
    const [start, end] = [starts[i] as number, ends[i] as number]
    if (permissions[i] !== 0 && end - start > pageSize) libc.madvise(start, pageSize, MADV_DOFORK)
  }
  return { whole: wholeMemory(before), unforked: fallenApart(before, mappings()) }
}

/** The mappings whose first page has become another mapping, with the same permissions. */
function fallenApart(before: Mappings, after: Mappings): AddressRange[] {
  const ranges: AddressRange[] = []
  let j = 1
  for (let i = 0; i < before.starts.length; i++) {
    const [start, end] = [before.starts[i] as number, before.ends[i] as number]
    const [second, permissions] = [start + pageSize, before.permissions[i]]
    while (j < after.starts.length && (after.starts[j] as number) < second) j += 1
    const isCut = after.starts[j] === second && after.ends[j - 1] === second && second < end
    if (!isCut || after.permissions[j] !== permissions || after.permissions[j - 1] !== permissions) continue
    if (permissions !== 0) ranges.push([start, Math.min(end, after.ends[j] as number) - start])
  }
  return ranges
}

/**
 * Has fork(2) copy these ranges. It is called right before, and makes nothing new: what V8 maps in between would be
 * missing in the child.
 */
export function includeInFork(ranges: readonly AddressRange[]): void {
  // Ranges end at mappings that are refused, and have holes (ENOMEM): what the calls return says nothing.
  for (let i = 0; i < ranges.length; i++) {
    const range = ranges[i] as AddressRange
    libc.madvise(range[0], range[1], MADV_DOFORK)
  }
}

/** Puts the mark back, or every later `child_process.spawn` would copy the page tables of V8's heap. */
export function excludeFromFork(ranges: readonly AddressRange[]): void {
  for (const [start, length] of ranges) libc.madvise(start, length, MADV_DONTFORK)
}
