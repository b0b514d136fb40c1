import { readFileSync } from 'node:fs'
import koffi, { type LibraryHandle } from 'koffi'

// C's functions as koffi calls them, with nothing around them: no function of osier that makes the call can be quicker.
// Memory of one's own is passed by its address, which koffi takes in less time than a buffer.

export const library: LibraryHandle = koffi.load(null)

export type Bare<A extends readonly unknown[]> = (...args: A) => number

export const access: Bare<[path: string, mode: number]> = library.func('int access(const char *, int)')
export const close: Bare<[fd: number]> = library.func('int close(int)')
export const open: Bare<[path: string, flags: number]> = library.func('int open(const char *, int)')
export const pread: Bare<[fd: number, out: number, size: number, offset: number]> = library.func(
  'long pread(int, uintptr_t, size_t, int64_t)',
)
export const preadInto: Bare<[fd: number, out: Uint8Array, size: number, offset: number]> = library.func(
  'long pread(int, void *, size_t, int64_t)',
)
export const read: Bare<[fd: number, out: number, size: number]> = library.func('long read(int, uintptr_t, size_t)')
export const readlink: Bare<[path: string, out: number, size: number]> = library.func(
  'long readlink(const char *, uintptr_t, size_t)',
)
export const write: Bare<[fd: number, data: number, size: number]> = library.func('long write(int, uintptr_t, size_t)')

/** Memory whose address is given to C. */
export interface Memory {
  /** Keeps it there. */
  readonly bytes: Buffer<ArrayBuffer>
  readonly address: number
}

export function newMemory(size: number): Memory {
  const bytes = Buffer.alloc(size)
  return { bytes, address: Number(koffi.address(bytes)) }
}

/**
 * The address of the next of many pieces of memory, so many that the processor's cache does not hold them: what a program
 * meets that takes new memory each time, though here none is made.
 */
export function inTurn(piece: number, all: number): () => number {
  let pieces: Memory | undefined
  let at = 0
  return () => {
    pieces ??= newMemory(all)
    at = (at + piece) % all
    return pieces.address + at
  }
}

export const _exit: Bare<[code: number]> = library.func('void _exit(int)')
export const waitpid: Bare<[pid: number, status: null, options: number]> = library.func('int waitpid(int, void *, int)')

const bareFork: Bare<[]> = library.func('int fork()')
const madvise: Bare<[start: number, size: number, advice: number]> = library.func('int madvise(uintptr_t, size_t, int)')
const MADV_DOFORK = 11

/** All of memory, without what madvise(2) stops at. */
function memory(): [start: number, end: number][] {
  const ranges: [number, number][] = [[0x10000, 0]]
  for (const line of readFileSync('/proc/self/maps', 'latin1').trim().split('\n')) {
    const [start = 0, end = 0] = (line.split(' ')[0] ?? '').split('-').map((address) => Number.parseInt(address, 16))
    const range = ranges.at(-1)
    if (range === undefined || start >= 2 ** 55) break
    if (/\[(vvar|vdso|stack)/.test(line)) ranges.push([end, end])
    else range[1] = end
  }
  return ranges.filter(([start, end]) => end > start)
}

let ranges: [start: number, end: number][] | undefined

/** fork(2) with V8's heap, which Node has marked to be left out: without it the child crashes before its exit. */
export function fork(): number {
  ranges ??= memory()
  for (const [start, end] of ranges) madvise(start, end - start, MADV_DOFORK)
  return bareFork()
}
