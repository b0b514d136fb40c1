import { isUint8Array } from 'node:util/types'
import { wrongType } from '../../errors.ts'
import { byteLength } from '../../libc/strings.ts'

/** Memory that a caller hands in: C gets its address, so it must be there, and as long as it says. */

// Not the object's own, which could be the caller's.
const { at: itemOf } = Uint8Array.prototype

/**
 * The memory of a view, as bytes; `byteLength` tells how many. Refused: what is no view, and one whose memory is gone.
 */
export function view(value: unknown, name: string): Uint8Array {
  if (isUint8Array(value)) return attached(value, name)
  return otherView(value, name)
}

/** `view` of an item of a list. Its name is made for an error only: to make it takes as long as all the rest. */
export function itemView(list: readonly unknown[], index: number, name: string): Uint8Array {
  const value = list[index]
  if (isUint8Array(value) && byteLength(value) > 0) return value
  return view(value, `${name}[${index}]`)
}

function otherView(value: unknown, name: string): Uint8Array {
  if (!ArrayBuffer.isView(value)) throw wrongType(name, 'a Buffer or another view of memory', value)
  let bytes: Uint8Array
  try {
    bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  } catch {
    throw memoryGone(value, name)
  }
  return attached(bytes, name)
}

/**
 * A view of memory that was transferred, or shrunk under it, looks like an empty one: to take it for one hides a
 * mistake.
 */
export function attached(bytes: Uint8Array, name: string): Uint8Array {
  if (byteLength(bytes) > 0) return bytes
  try {
    itemOf.call(bytes, 0)
  } catch {
    throw memoryGone(bytes, name)
  }
  return bytes
}

function memoryGone(view: unknown, name: string): TypeError {
  return wrongType(name, 'a view of memory that is still there', view)
}

export { byteLength, plainView } from '../../libc/strings.ts'
