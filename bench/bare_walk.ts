import { constants, structs } from '../src/libc/facts.ts'
import { type Bare, library, newMemory } from './bare.ts'

// Walking a tree on the thread pool by koffi's bare calls.

const scandir = library.func('int scandir(const char *, uintptr_t, uintptr_t, uintptr_t)')
const memcpy: Bare<[to: number, from: number, size: number]> = library.func(
  'uintptr_t memcpy(uintptr_t, uintptr_t, size_t)',
)
const memccpy: Bare<[to: number, from: number, end: number, size: number]> = library.func(
  'uintptr_t memccpy(uintptr_t, uintptr_t, int, size_t)',
)
const free: Bare<[memory: number]> = library.func('void free(uintptr_t)')

const { DT_DIR } = constants
const { d_type } = structs.dirent64.offsets
const POINTER = 8
/** The number of pointers that are read together. */
const PIECE = 1000
/** Behind them in memory: an entry's type and name. */
const ENTRY = PIECE * POINTER
/** Type, name and NUL have 257 bytes at most. */
const LONGEST = 264
/** osier's limits of directories read ahead, queued and running. */
const AHEAD = 16
const ASKED = 6
const AT_ONCE = 3

/** A directory: how many names there are in it, and the directories among them, once it has been read. */
interface Directory {
  readonly path: string
  isBegun: boolean
  names?: number
  below?: readonly Directory[]
}

const results = newMemory(AT_ONCE * POINTER)
const scratch = newMemory(ENTRY + LONGEST)
const words = new Uint32Array(scratch.bytes.buffer)

function pointerAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000
}

/**
 * How many names there are below a directory. Each is made; it is not asked what links point to. The directories come
 * in the order of os.walk, and those that come next are read ahead.
 */
export function countNames(top: string): Promise<number> {
  return new Promise((resolve) => {
    const stack: Directory[] = [{ path: top, isBegun: false }]
    const slots = Array.from({ length: AT_ONCE }, (_, index) => index * POINTER)
    const asked: Directory[] = []
    let underWay = 0
    let names = 0
    const start = (): void => {
      while (slots.length > 0) {
        const directory = asked.shift()
        if (directory === undefined) return
        const slot = slots.pop() ?? 0
        scandir.async(directory.path, results.address + slot, 0, 0, (_error: unknown, count: number) => {
          const below: string[] = []
          directory.names = take(pointerAt(results.bytes, slot), count, below)
          directory.below = below.map((name) => ({ path: `${directory.path}/${name}`, isBegun: false }))
          slots.push(slot)
          underWay -= 1
          proceed()
        })
      }
    }
    /** Requests a directory, or some below it; returns the number of directories that may still be requested. */
    const request = (directory: Directory, most: number): number => {
      let left = most - 1
      if (!directory.isBegun) {
        directory.isBegun = true
        underWay += 1
        asked.push(directory)
      }
      for (const below of directory.below ?? []) if (left > 0 && underWay < ASKED) left = request(below, left)
      return left
    }
    const proceed = (): void => {
      for (let next = stack.at(-1); next?.below !== undefined; next = stack.at(-1)) {
        stack.pop()
        names += next.names ?? 0
        for (let at = next.below.length - 1; at >= 0; at--) stack.push(next.below[at] as Directory)
        delete next.below
      }
      for (let at = stack.length - 1, left = AHEAD; at >= 0 && left > 0 && underWay < ASKED; at--)
        left = request(stack[at] as Directory, left)
      start()
      if (stack.length === 0) resolve(names)
    }
    proceed()
  })
}

/** Makes the names in a list of scandir(3), and frees it; `directories` gets those of directories. */
function take(list: number, count: number, directories: string[]): number {
  let names = 0
  for (let done = 0; done < count; done++) {
    const index = done % PIECE
    if (index === 0) memcpy(scratch.address, list + done * POINTER, Math.min(PIECE, count - done) * POINTER)
    const at = index * 2
    const entry = (words[at] ?? 0) + (words[at + 1] ?? 0) * 0x1_0000_0000
    const end = memccpy(scratch.address + ENTRY, entry + d_type, 0, LONGEST) - scratch.address
    free(entry)
    const name = scratch.bytes.toString('latin1', ENTRY + 1, end - 1)
    if (name === '.' || name === '..') continue
    names += 1
    if (scratch.bytes[ENTRY] === DT_DIR) directories.push(name)
  }
  if (count >= 0) free(list)
  return names
}
