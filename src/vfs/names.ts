import { inspect } from 'node:util'
import { fsdecode } from '../os/arguments/paths.ts'

/**
 * Checks of names that are read from images. An image is untrusted input: a name that contains a separator, or is "..",
 * would lead a program that joins it to a directory of the host out of that directory, and a control character can
 * manipulate a terminal.
 */

const SPACE = 0x20
const DELETE = 0x7f
const DOT = 0x2e
const SLASH = 0x2f

/** Whether a name contains an ASCII control character. */
export function hasControl(name: Uint8Array): boolean {
  for (const byte of name) if (byte < SPACE || byte === DELETE) return true
  return false
}

/**
 * Whether a name can be given to a caller: not empty, not "." or "..", without control characters and separators.
 *
 * @param separator a separator in addition to "/", for file systems that have one
 */
export function isSafeName(name: Uint8Array, separator: number = SLASH): boolean {
  if (name.length === 0 || hasControl(name)) return false
  if (name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT))) return false
  return !name.includes(SLASH) && !name.includes(separator)
}

/** Emits a warning that a listing omits a name. */
export function warnOfName(name: Uint8Array, directory: string): void {
  const [shown, place] = [inspect(fsdecode(name)), inspect(directory)]
  process.emitWarning(`${shown} in ${place} is not listed: it is not a valid name`, 'UnsafeNameWarning')
}
