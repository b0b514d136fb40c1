import type { Address } from '../libc/functions.ts'
import type { Slot } from './memory.ts'
import type { Ring } from './ring.ts'

/** `again`: the operation has been submitted again. `elsewhere`: the thread pool carries the call out. */
export type Continuation = 'finished' | 'again' | 'elsewhere'

/** A C function that io_uring has an operation for. */
export interface Operation {
  /** The number of the operation: undefined where the system does not know it. */
  readonly code: number | undefined
  /** How many bytes of the data area it needs beside what the call asks for. */
  readonly data?: number
  /** Where the kernel puts what, the function: it adds the entry. `strings` puts strings into the slot. */
  add(ring: Ring, code: number, slot: Slot, args: readonly never[]): void
  /** Whether it takes these arguments. Others go to the thread pool. */
  takes?(args: readonly never[]): boolean
  /** Makes what the function would have written of what the operation has written. */
  convert?(slot: Slot): void
  /**
   * Decides how a completed operation goes on, where it may need a second step. `isWanted` is false after an abort.
   * Without this, an operation has finished when it completes.
   */
  goesOn?(ring: Ring, slot: Slot, result: number, isWanted: boolean): Continuation
  /** Whether the function does something else where the operation fails with this error number. */
  differs?(errno: number): boolean
}

/** Text without NUL, or bytes that end in NUL. */
type CString = string | Uint8Array

/** How many bytes of the string area the next string starts at. */
let stringsEnd = 0

/** Whether the strings among these arguments fit into a slot. */
export function stringsFit(slot: Slot, args: readonly unknown[]): boolean {
  let size = 0
  for (const value of args) {
    if (typeof value === 'string') size += 3 * value.length + 1
    else if (value instanceof Uint8Array) size += value.length
  }
  return size <= slot.strings.length
}

/** Writes the first string of an operation, and returns its address. */
export function putString(slot: Slot, value: CString): Address {
  stringsEnd = 0
  return putNextString(slot, value)
}

/** Writes another string behind the one before. */
export function putNextString({ strings, stringsAddress }: Slot, value: CString): Address {
  const start = stringsEnd
  if (typeof value === 'string') {
    const end = start + strings.write(value, start)
    strings[end] = 0
    stringsEnd = end + 1
  } else {
    strings.set(value, start)
    stringsEnd = start + value.length
  }
  return stringsAddress + start
}
