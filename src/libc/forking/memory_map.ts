import { readFileSync } from 'node:fs'
import { constants } from '../facts.ts'
import { libc } from '../functions.ts'

/**
 * V8 marks its heap so that fork(2) leaves it out of the child (Node builds it that way, to make `child_process` cheaper).
 * A child without a heap dies at its first step in JavaScript. So for the moment of the fork the mark is taken off.
 */

const { MADV_DOFORK, MADV_DONTFORK } = constants

/** Where a range of addresses starts, and how long it is, in bytes. */
export type AddressRange = readonly [start: number, length: number]

/** Mappings that madvise(2) refuses, and at which it would stop: the kernel's own, devices, io_uring, and the stack. */
const REFUSED = /^\[(vvar|vdso|vectors|sigpage|uprobes|stack)|^\/dev\/(?!zero|shm)|^anon_inode:/

/** Below the lowest mapping that Linux allows by default. */
const LOWEST = 0x10000

/** Beyond what a user's process maps: what is listed there belongs to the kernel. */
const HIGHEST = 2 ** 56

/**
 * The address space, in as few ranges as leave out what madvise(2) refuses. The holes between the mappings are part of
 * the ranges: the kernel passes over them, and what is mapped there meanwhile is marked as well.
 */
export function wholeMemory(): AddressRange[] {
  const ranges: AddressRange[] = []
  let start = LOWEST
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const fields = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)$/.exec(line)
    const [, from = '', to = '', name = ''] = fields ?? []
    const first = Number.parseInt(from, 16)
    if (fields === null || first >= HIGHEST) break
    if (!REFUSED.test(name)) continue
    if (first > start) ranges.push([start, first - start])
    start = Number.parseInt(to, 16)
  }
  return ranges
}

/** The mappings that are left out of forks now. Reading that costs about a millisecond for each 100 MB of heap. */
export function unforkedMemory(): AddressRange[] {
  const ranges: AddressRange[] = []
  let current: AddressRange | undefined
  for (const line of readFileSync('/proc/self/smaps', 'latin1').split('\n')) {
    const fields = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line)
    if (fields !== null) {
      const start = Number.parseInt(fields[1] ?? '', 16)
      current = [start, Number.parseInt(fields[2] ?? '', 16) - start]
    } else if (current !== undefined && line.startsWith('VmFlags:') && / dc( |$)/.test(line)) ranges.push(current)
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
