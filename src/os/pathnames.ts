import { encoded, type FileName } from './names.ts'

/** How path names are put together and taken apart, without a look at the file system. `osier/path` builds on it too. */

/** The family of operating systems: 'posix'. */
export const name: string = 'posix'
/** How a path names the directory it starts from. */
export const curdir: string = '.'
/** How a path names the directory above. */
export const pardir: string = '..'
/** What separates the names in a path. */
export const sep: string = '/'
/** What else separates the names in a path: null, since POSIX has nothing else. */
export const altsep: string | null = null
/** What separates the extension from the rest of a file's name. */
export const extsep: string = '.'
/** What separates the directories in `PATH`. */
export const pathsep: string = ':'
/** Where programs are looked for when the environment has no `PATH`. */
export const defpath: string = '/bin:/usr/bin'
/** What ends a line of text. */
export const linesep: string = '\n'
/** The device that is empty to who reads it, and forgets what is written. */
export const devnull: string = '/dev/null'

/**
 * Splits a path at its last slash: everything before it, without slashes at the end unless it is nothing but slashes,
 * and the last component.
 */
export function splitPath<T extends FileName>(path: T): [head: T, tail: T]
export function splitPath(path: FileName): [FileName, FileName] {
  // One byte of latin1 text is one character, so bytes can be worked on as text; a slash is a slash in both.
  if (typeof path !== 'string') {
    const [head, tail] = splitText(Buffer.from(path).toString('latin1'))
    return [Buffer.from(head, 'latin1'), Buffer.from(tail, 'latin1')]
  }
  return splitText(path)
}

function splitText(path: string): [head: string, tail: string] {
  const cut = path.lastIndexOf('/') + 1
  let end = cut
  while (end > 0 && path.charCodeAt(end - 1) === 0x2f) end -= 1
  return [path.slice(0, end === 0 ? cut : end), path.slice(cut)]
}

/** Joins a directory and a name with one slash; a name that is absolute stands alone. */
export function joinPath<T extends FileName>(directory: T, name: T): T
export function joinPath(directory: FileName, name: FileName): FileName {
  if (typeof directory === 'string' && typeof name === 'string') {
    if (name.charCodeAt(0) === 0x2f) return name
    return directory === '' || directory.endsWith('/') ? directory + name : `${directory}/${name}`
  }
  const [head, tail] = [encoded(directory, 'path'), encoded(name, 'path')]
  if (tail[0] === 0x2f) return tail
  return Buffer.concat(head.length === 0 || head.at(-1) === 0x2f ? [head, tail] : [head, SLASH, tail])
}

const SLASH: Buffer = Buffer.from('/')
