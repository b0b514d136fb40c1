import { asBuffer } from '../../libc/strings.ts'
import { encoded, type FileName } from '../arguments/paths.ts'

/**
 * How path names are put together and taken apart, without a look at the file system. `osier/path` builds on it too.
 */

/** The family of operating systems: 'posix'. */
export const name: string = 'posix'
/** The name of the current directory in a path. */
export const curdir: string = '.'
/** The name of the parent directory in a path. */
export const pardir: string = '..'
/** The separator of the names in a path. */
export const sep: string = '/'
/** The alternative separator of the names in a path: null, since POSIX has none. */
export const altsep: string | null = null
/** The separator between a file's base name and its extension. */
export const extsep: string = '.'
/** The separator of the directories in `PATH`. */
export const pathsep: string = ':'
/** The search path for programs where the environment has no `PATH`. */
export const defpath: string = '/bin:/usr/bin'
/** The line separator. */
export const linesep: string = '\n'
/** The null device: it reads as empty, and discards what is written. */
export const devnull: string = '/dev/null'

/**
 * A path as text that can be taken apart: bytes as latin1, in which each byte is one character. A slash is a slash in
 * both.
 */
export function asText(path: FileName): string {
  return typeof path === 'string' ? path : asBuffer(path).toString('latin1')
}

/** Such text as what `path` is: text, or bytes again. */
export function inKindOf(path: FileName, text: string): string | Buffer {
  return typeof path === 'string' ? text : Buffer.from(text, 'latin1')
}

/**
 * Splits a path at its last slash: everything before it, without slashes at the end unless it is nothing but slashes,
 * and the last component.
 */
export function splitPath(path: string): [head: string, tail: string]
export function splitPath(path: FileName): [head: string | Buffer, tail: string | Buffer]
export function splitPath(path: FileName): [head: string | Buffer, tail: string | Buffer] {
  const text = asText(path)
  const cut = text.lastIndexOf('/') + 1
  let end = cut
  while (end > 0 && text.charCodeAt(end - 1) === SLASH_CODE) end -= 1
  return [inKindOf(path, text.slice(0, end === 0 ? cut : end)), inKindOf(path, text.slice(cut))]
}

/** Joins a directory and a name with one slash; a name that is absolute stands alone. */
export function joinPath<T extends FileName>(directory: T, name: T): T
export function joinPath(directory: FileName, name: FileName): FileName {
  if (typeof directory === 'string' && typeof name === 'string') {
    if (name.charCodeAt(0) === SLASH_CODE) return name
    return directory === '' || directory.endsWith('/') ? directory + name : `${directory}/${name}`
  }
  const [head, tail] = [encoded(directory, 'path'), encoded(name, 'path')]
  if (tail[0] === SLASH_CODE) return tail
  return Buffer.concat(head.length === 0 || head.at(-1) === SLASH_CODE ? [head, tail] : [head, SLASH, tail])
}

const SLASH: Buffer = Buffer.from('/')
const SLASH_CODE = 0x2f
