import { ownConcat, ownText } from '../../libc/own_bytes.ts'
import { asBuffer } from '../../libc/strings.ts'
import { encoded, type FileName } from '../arguments/paths.ts'

/** Joining and splitting of path names, without access to the file system. `osier/path` uses this too. */

/** The family of operating systems: 'posix'. */
export const name: string = 'posix'
/** The name of the current directory in a path. */
export const curdir: string = '.'
/** The name of the parent directory in a path. */
export const pardir: string = '..'
/** The separator of the names in a path. */
export const sep: string = '/'
/** The alternative separator of the names in a path: null, because POSIX has none. */
export const altsep: string | null = null
/** The separator between a file's base name and its extension. */
export const extsep: string = '.'
/** The separator of the directories in `PATH`. */
export const pathsep: string = ':'
/** The default search path for programs, if the environment has no `PATH`. */
export const defpath: string = '/bin:/usr/bin'
/** The line separator. */
export const linesep: string = '\n'
/** The null device: it reads as empty, and discards what is written. */
export const devnull: string = '/dev/null'

/**
 * Converts a path to text for splitting: bytes as latin1, with one character for each byte, so that a slash is '/' in
 * both.
 */
export function asText(path: FileName): string {
  return typeof path === 'string' ? path : asBuffer(path).toString('latin1')
}

/** Converts such text back to the type of `path`: text or bytes. */
export function likePath(path: FileName, text: string): string | Buffer {
  return typeof path === 'string' ? text : ownText(text, 'latin1')
}

/**
 * Splits a path at its last slash into the part before it (without trailing slashes, unless it consists of slashes) and
 * the last component.
 */
export function splitPath(path: string): [head: string, tail: string]
export function splitPath(path: FileName): [head: string | Buffer, tail: string | Buffer]
export function splitPath(path: FileName): [head: string | Buffer, tail: string | Buffer] {
  const text = asText(path)
  const cut = text.lastIndexOf('/') + 1
  let end = cut
  while (end > 0 && text.charCodeAt(end - 1) === SLASH_CODE) end -= 1
  return [likePath(path, text.slice(0, end === 0 ? cut : end)), likePath(path, text.slice(cut))]
}

/** Joins a directory and a name with one slash; an absolute name is returned unchanged. */
export function joinPath<T extends FileName>(directory: T, name: T): T
export function joinPath(directory: FileName, name: FileName): FileName {
  if (typeof directory === 'string' && typeof name === 'string') {
    if (name.charCodeAt(0) === SLASH_CODE) return name
    return directory === '' || directory.endsWith('/') ? directory + name : `${directory}/${name}`
  }
  const [head, tail] = [encoded(directory, 'path'), encoded(name, 'path')]
  if (tail[0] === SLASH_CODE) return tail
  return ownConcat(head.length === 0 || head.at(-1) === SLASH_CODE ? [head, tail] : [head, SLASH, tail])
}

/**
 * Joins any number of names as `joinPath` does with two. The result is put together once: with each name anew it would
 * take time that grows with the square of the number.
 */
export function joinPaths(names: readonly string[]): string {
  let parts: string[] = []
  let last = ''
  for (const name of names) {
    if (name.charCodeAt(0) === SLASH_CODE) parts = []
    else if (last !== '' && last.charCodeAt(last.length - 1) !== SLASH_CODE) parts.push('/')
    parts.push(name)
    // An empty name ends the path with a slash.
    last = name === '' ? (parts.length > 1 ? '/' : '') : name
  }
  return parts.join('')
}

const SLASH: Buffer = Buffer.from('/')
const SLASH_CODE = 0x2f
