import { isUint8Array } from 'node:util/types'
import { wrongType } from '../../errors.ts'
import { byteLength } from '../../libc/strings.ts'

/** Checks of memory that a caller passes: C gets its address, so it must be valid, and have its full length. */

// Taken from the prototype, because the caller could have overridden the method of the object.
const { at: itemOf } = Uint8Array.prototype

/**
 * Returns the memory of a view as bytes; `byteLength` returns their number. Throws for values that are not views, and
 * for detached memory.
 */
export function view(value: unknown, name: string): Uint8Array {
  if (isUint8Array(value)) return rejectDetached(value, name)
  return otherView(value, name)
}

/**
 * `view` of an item of a list. The item's name is built only for an error, because that takes as long as all the
 * checks.
 */
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
    throw detachedError(value, name)
  }
  return rejectDetached(bytes, name)
}

/**
 * A view of memory that was transferred, or shrunk below the view, has the length 0. Accepting it as empty would hide a
 * mistake of the caller.
 */
export function rejectDetached(bytes: Uint8Array, name: string): Uint8Array {
  if (byteLength(bytes) > 0) return bytes
  try {
    itemOf.call(bytes, 0)
  } catch {
    throw detachedError(bytes, name)
  }
  return bytes
}

function detachedError(view: unknown, name: string): TypeError {
  return wrongType(name, 'a view of memory that is still there', view)
}

export { byteLength, plainView } from '../../libc/strings.ts'
