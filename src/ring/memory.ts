import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { constants } from '../libc/facts.ts'
import { type Address, libc } from '../libc/functions.ts'
import { isAddress, viewOf } from '../libc/memory.ts'

/**
 * Memory of the operations that the kernel carries out: it reads paths and data from there, and writes results.
 *
 * JavaScript does not own it, and it is never freed: the kernel may still write to it when a worker has been terminated
 * and its JavaScript memory is gone. At the end of a thread the kernel waits for the operations that the thread has
 * submitted. So the memory of a thread that has ended is free for other threads, which find it in a list that all
 * threads share.
 */

/** The memory of one operation, in two areas. */
export interface Slot {
  /** The user data of the operation. */
  readonly index: number
  /** The area for data. Calls on the pool have such a block, too. */
  readonly bytes: Buffer<ArrayBuffer>
  readonly address: Address
  /** The same in words of 32 bits. */
  readonly words: Uint32Array
  /** The area for strings, which is behind the other one in the same memory. */
  readonly strings: Buffer<ArrayBuffer>
  readonly stringsAddress: Address
  readonly isLarge: boolean
}

interface Layout {
  readonly data: number
  readonly strings: number
}

/** For a status and short paths. */
const SMALL: Layout = { data: 1024, strings: 1024 }
/** For data of 64 KiB, and two paths of the greatest length with the name of an attribute. */
const LARGE: Layout = { data: 65536, strings: 8192 + 512 }

/** The largest data that an operation can have. */
export const MAX_DATA: number = LARGE.data

/** Memory is allocated in chunks of this size. */
const CHUNK_SIZE = 4 * (LARGE.data + LARGE.strings)

/** The list that all threads share. Its layout is part of the key: other versions of the package use the same. */
const KEY = 'osier.ring-memory.v1'
/** How many chunks all threads have at most: 290 MB. */
const MAX_CHUNKS = 1024
/** A chunk in the list: the thread that owns it, or 0 where there is no chunk yet, and the address. */
const ENTRY_WORDS = 3

function sharedList(): Int32Array {
  const given = getEnvironmentData(KEY) as unknown
  if (given instanceof SharedArrayBuffer) return new Int32Array(given)
  const memory = new SharedArrayBuffer(4 * ENTRY_WORDS * MAX_CHUNKS)
  setEnvironmentData(KEY, memory as never)
  return new Int32Array(memory)
}

let list: Int32Array | undefined
const freeSlots: { readonly small: Slot[]; readonly large: Slot[] } = { small: [], large: [] }
let slotCount = 0

/** Takes memory for an operation; undefined where there is none at the moment. */
export function takeSlot(dataSize: number): Slot | undefined {
  const isLarge = dataSize > SMALL.data
  const free = isLarge ? freeSlots.large : freeSlots.small
  if (free.length === 0) {
    const chunk = takeChunk()
    if (chunk === 0) return undefined
    divide(chunk, isLarge, free)
  }
  return free.pop()
}

/** Gives memory back that the kernel does not use any more. */
export function freeSlot(slot: Slot): void {
  if (slot.isLarge) freeSlots.large.push(slot)
  else freeSlots.small.push(slot)
}

function divide(chunk: Address, isLarge: boolean, slots: Slot[]): void {
  const { data, strings } = isLarge ? LARGE : SMALL
  const memory = viewOf(chunk, CHUNK_SIZE)
  for (let at = 0; at + data + strings <= CHUNK_SIZE; at += data + strings) {
    slots.push({
      index: slotCount++,
      bytes: Buffer.from(memory, at, data),
      address: chunk + at,
      words: new Uint32Array(memory, at, data >> 2),
      strings: Buffer.from(memory, at + data, strings),
      stringsAddress: chunk + at + data,
      isLarge,
    })
  }
}

/** A chunk of a thread that has ended, or else a new one; 0 where there is no more memory. */
function takeChunk(): Address {
  list ??= sharedList()
  const thread = libc.gettid()
  for (let at = 0; at < list.length; at += ENTRY_WORDS) {
    const owner = Atomics.load(list, at)
    if (owner !== 0 && libc.tgkill(process.pid, owner, 0) === 0) continue
    if (Atomics.compareExchange(list, at, owner, thread) !== owner) continue
    // Its owner may have ended before it stored the address.
    const known = addressIn(list, at)
    if (known !== 0) return known
    const chunk = newChunk()
    new Uint32Array(list.buffer).set([chunk, Math.floor(chunk / 0x1_0000_0000)], at + 1)
    if (chunk === 0) Atomics.store(list, at, 0)
    return chunk
  }
  return 0
}

function addressIn(words: Int32Array, at: number): Address {
  const [low = 0, high = 0] = new Uint32Array(words.buffer).subarray(at + 1)
  return high * 0x1_0000_0000 + low
}

function newChunk(): Address {
  const { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } = constants
  const chunk = libc.mmap(0, CHUNK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  return isAddress(chunk) ? chunk : 0
}

/** Forgets the memory of the parent, in a child of fork. Its copies there belong to no thread, and so are taken again. */
export function forgetSlots(): void {
  freeSlots.small.length = 0
  freeSlots.large.length = 0
}
