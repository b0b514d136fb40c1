import { bytesOfString } from './c_strings.ts'
import { type Address, type CString, libc, type StringArray } from './functions.ts'
import koffi from './koffi.ts'
import { addressOf } from './memory.ts'

const POINTER = 8

/** Creates the array of these strings. */
export function stringArray(strings: readonly CString[]): StringArray {
  const pointers = (strings.length + 1) * POINTER
  const size = strings.reduce((sum, string) => sum + sizeOf(string), pointers)
  const block = Buffer.allocUnsafeSlow(size).fill(0, 0, pointers)
  const start = addressOf(block)
  let at = pointers
  for (const [index, string] of strings.entries()) {
    block.writeBigUInt64LE(BigInt(start + at), index * POINTER)
    if (typeof string === 'string') block.write(string, at)
    else block.set(string, at)
    at += sizeOf(string)
    block[at - 1] = 0
  }
  return block
}

/** The size in bytes, including the NUL. */
function sizeOf(string: CString): number {
  return typeof string === 'string' ? Buffer.byteLength(string) + 1 : string.length
}

/**
 * The variable `environ` of the C library: the environment that children inherit. Setting a variable may move the
 * array, so this is called right before it is used, and in the main thread only.
 */
export function currentEnvironment(): Address {
  environ ??= koffi.load(null).symbol('environ')
  return Number(koffi.decode(environ, 'uintptr_t'))
}

let environ: unknown

/**
 * Copies of the strings of `environ`. For the main thread only: while it changes the environment, another thread could
 * read freed memory.
 */
export function environmentStrings(): Buffer[] {
  // The array is NULL after clearenv(3).
  return stringsOf(currentEnvironment())
}

/**
 * Copies of the strings of an array of C that ends in NULL; none where the array itself is NULL.
 *
 * The address must be that of such an array, which is not checked.
 */
export function stringsOf(array: Address): Buffer[] {
  const strings: Buffer[] = []
  const pointer = Buffer.allocUnsafeSlow(POINTER)
  for (let at = array; at !== 0; at += POINTER) {
    libc.memcpy(addressOf(pointer), at, POINTER)
    const string = Number(pointer.readBigUInt64LE())
    if (string === 0) break
    strings.push(bytesOfString(string))
  }
  return strings
}
