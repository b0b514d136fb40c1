import { badValue, wrongType } from '../errors.ts'
import { type BytesPath, type FileName, fileName, type Path, type TextPath } from '../os/arguments/paths.ts'
import { asText, joinPaths, likePath, splitPath } from '../os/system/pathnames.ts'

/** The functions of `osier/path` that only process names, without access to the file system. */

/** Applies a function on text to a path. */
function onText(path: Path, work: (text: string) => string): string | Buffer {
  const name = fileName(path, 'path')
  return likePath(name, work(asText(name)))
}

/** Splits a path with a function on text. */
function cutText(path: Path, cut: (text: string) => readonly string[]): (string | Buffer)[] {
  const name = fileName(path, 'path')
  return cut(asText(name)).map((part) => likePath(name, part))
}

/** Throws if some of the paths are text and some are bytes. */
export function rejectMixedTypes(names: readonly FileName[], argument: string): readonly FileName[] {
  if (names.every((name) => typeof name === typeof names[0])) return names
  throw wrongType(argument, 'of one kind, text or bytes, throughout', names)
}

/**
 * Returns the path unchanged: POSIX paths are case-sensitive.
 *
 * @param path the path
 * @returns the same path; bytes if `path` is bytes
 *
 * Availability: everywhere. See Python, os.path.normcase.
 * @example
 * ```ts
 * path.normcase('/Etc') // => '/Etc'
 * ```
 */
export function normcase(path: TextPath): string
export function normcase(path: BytesPath): Buffer
export function normcase(path: Path): string | Buffer
export function normcase(path: Path): string | Buffer {
  return onText(path, (text) => text)
}

/**
 * Reports whether a path is absolute, that is, whether it begins with a slash.
 *
 * @param path the path
 * @returns true if it is absolute
 *
 * Availability: everywhere. See Python, os.path.isabs.
 * @example
 * ```ts
 * path.isabs('/etc') // => true
 * path.isabs('etc') // => false
 * ```
 */
export function isabs(path: Path): boolean {
  return asText(fileName(path, 'path')).startsWith('/')
}

/**
 * Joins paths, with one slash between two of them. An absolute path discards the paths before it; an empty last path
 * makes the result end with a slash.
 *
 * @param path the first path
 * @param paths the others
 * @returns the path; bytes if they are bytes
 * @throws TypeError if some are text and some bytes
 *
 * Availability: everywhere. See Python, os.path.join.
 * @example
 * ```ts
 * path.join('a', 'b', 'c.txt') // => 'a/b/c.txt'
 * path.join('a', '/b') // => '/b'
 * path.join(Buffer.from('a'), Buffer.from([0xff])) // => Buffer.from([0x61, 0x2f, 0xff])
 * ```
 */
export function join(path: TextPath, ...paths: TextPath[]): string
export function join(path: BytesPath, ...paths: BytesPath[]): Buffer
export function join(path: Path, ...paths: Path[]): string | Buffer
export function join(path: Path, ...paths: Path[]): string | Buffer {
  const first = fileName(path, 'path')
  const names = [first, ...paths.map((next, index) => fileName(next, `paths[${index}]`))]
  const texts = rejectMixedTypes(names, 'paths').map(asText)
  return likePath(first, joinPaths(texts))
}

/**
 * Splits a path at its last slash; `join` is the inverse.
 *
 * @param path the path
 * @returns the part before the slash (without trailing slashes, unless it consists of slashes) and the part after it;
 *   bytes if `path` is bytes
 *
 * Availability: everywhere. See Python, os.path.split.
 * @example
 * ```ts
 * path.split('a/b/c') // => ['a/b', 'c']
 * path.split('a/b/') // => ['a/b', '']
 * ```
 */
export function split(path: TextPath): [head: string, tail: string]
export function split(path: BytesPath): [head: Buffer, tail: Buffer]
export function split(path: Path): [head: string, tail: string] | [head: Buffer, tail: Buffer]
export function split(path: Path): [head: string | Buffer, tail: string | Buffer] {
  return splitPath(fileName(path, 'path'))
}

/**
 * Returns the last component of a path: empty if the path ends with a slash.
 *
 * @param path the path
 * @returns the second item of `split(path)`
 *
 * Availability: everywhere. See Python, os.path.basename.
 * @example
 * ```ts
 * path.basename('a/b/c.txt') // => 'c.txt'
 * path.basename('a/b/') // => ''
 * ```
 */
export function basename(path: TextPath): string
export function basename(path: BytesPath): Buffer
export function basename(path: Path): string | Buffer
export function basename(path: Path): string | Buffer {
  return split(path)[1]
}

/**
 * Returns the directory part of a path: everything before the last component.
 *
 * @param path the path
 * @returns the first item of `split(path)`
 *
 * Availability: everywhere. See Python, os.path.dirname.
 * @example
 * ```ts
 * path.dirname('a/b/c.txt') // => 'a/b'
 * ```
 */
export function dirname(path: TextPath): string
export function dirname(path: BytesPath): Buffer
export function dirname(path: Path): string | Buffer
export function dirname(path: Path): string | Buffer {
  return split(path)[0]
}

/**
 * Splits the extension from a path: the last dot of the last component and the text after it. Leading dots of the
 * component are ignored: '.profile' has no extension.
 *
 * @param path the path
 * @returns the path without the extension, and the extension, which may be empty. Bytes if `path` is bytes
 *
 * Availability: everywhere. See Python, os.path.splitext.
 * @example
 * ```ts
 * path.splitext('a.tar.gz') // => ['a.tar', '.gz']
 * path.splitext('.profile') // => ['.profile', '']
 * ```
 */
export function splitext(path: TextPath): [root: string, ext: string]
export function splitext(path: BytesPath): [root: Buffer, ext: Buffer]
export function splitext(path: Path): [root: string, ext: string] | [root: Buffer, ext: Buffer]
export function splitext(path: Path): (string | Buffer)[] {
  return cutText(path, (text) => {
    let start = text.lastIndexOf('/') + 1
    while (text[start] === '.') start += 1
    const dot = text.lastIndexOf('.')
    const cut = dot > start ? dot : text.length
    return [text.slice(0, cut), text.slice(cut)]
  })
}

/**
 * Splits the drive from a path. On POSIX the drive is always empty.
 *
 * @param path the path
 * @returns the empty drive, and the path; bytes if `path` is bytes
 *
 * Availability: everywhere. See Python, os.path.splitdrive.
 * @example
 * ```ts
 * path.splitdrive('/a/b') // => ['', '/a/b']
 * ```
 */
export function splitdrive(path: TextPath): [drive: string, tail: string]
export function splitdrive(path: BytesPath): [drive: Buffer, tail: Buffer]
export function splitdrive(path: Path): [drive: string, tail: string] | [drive: Buffer, tail: Buffer]
export function splitdrive(path: Path): (string | Buffer)[] {
  return cutText(path, (text) => ['', text])
}

/**
 * Splits a path into drive, root and the rest. The drive is empty on POSIX. The root of an absolute path is '/', or
 * '//' if it begins with exactly two slashes: POSIX lets a system interpret those in its own way.
 *
 * @param path the path
 * @returns the drive, the root and the rest. Bytes if `path` is bytes
 *
 * Availability: everywhere. See Python, os.path.splitroot.
 * @example
 * ```ts
 * path.splitroot('/a/b') // => ['', '/', 'a/b']
 * ```
 */
export function splitroot(path: TextPath): [drive: string, root: string, tail: string]
export function splitroot(path: BytesPath): [drive: Buffer, root: Buffer, tail: Buffer]
export function splitroot(
  path: Path,
): [drive: string, root: string, tail: string] | [drive: Buffer, root: Buffer, tail: Buffer]
export function splitroot(path: Path): (string | Buffer)[] {
  return cutText(path, (text) => {
    const root = rootOf(text)
    return ['', root, text.slice(root.length)]
  })
}

function rootOf(text: string): string {
  if (!text.startsWith('/')) return ''
  return text.startsWith('//') && text[2] !== '/' ? '//' : '/'
}

/**
 * Normalises a path lexically: removes repeated slashes, '.', and names that are followed by '..'. If such a name is a
 * symbolic link, the result may be another file: `realpath` follows links.
 *
 * @param path the path
 * @returns the path; '.' if nothing is left of it. Bytes if `path` is bytes
 *
 * Availability: everywhere. See Python, os.path.normpath.
 * @example
 * ```ts
 * path.normpath('a//b/../c/.') // => 'a/c'
 * ```
 */
export function normpath(path: TextPath): string
export function normpath(path: BytesPath): Buffer
export function normpath(path: Path): string | Buffer
export function normpath(path: Path): string | Buffer {
  return onText(path, normalized)
}

function normalized(text: string): string {
  const root = rootOf(text)
  const names: string[] = []
  for (const name of text.slice(root.length).split('/')) {
    if (name === '' || name === '.') continue
    const above = names.at(-1)
    if (name !== '..' || above === '..') names.push(name)
    else if (above !== undefined) names.pop()
    // The parent of the root is the root. A relative path keeps its leading '..'.
    else if (root === '') names.push(name)
  }
  return root + names.join('/') || '.'
}

/** Converts an iterable to an array. */
function toArray(values: unknown, argument: string, wanted: string): unknown[] {
  const isIterable = typeof values === 'string' || (typeof values === 'object' && values !== null)
  if (!isIterable || !(Symbol.iterator in Object(values))) throw wrongType(argument, wanted, values)
  return Array.from(values as Iterable<unknown>)
}

/** Returns the length of the common prefix of the lists. */
function commonLength<T>(
  lists: readonly ArrayLike<T>[],
  isSame: (a: T | undefined, b: T | undefined) => boolean,
): number {
  const [first, ...others] = lists
  if (first === undefined) return 0
  let length = 0
  while (length < first.length && others.every((list) => length < list.length && isSame(list[length], first[length]))) {
    length += 1
  }
  return length
}

/**
 * Returns the longest common parent of the paths, lexically: `commonpath(['/usr/lib', '/usr/local'])` is '/usr'.
 *
 * @param paths the paths: at least one, either all absolute or all relative
 * @returns the path; '' if relative paths have nothing in common. Bytes if they are bytes
 * @throws RangeError for no paths, and if absolute and relative paths are mixed; TypeError if some are text and some
 *   are bytes
 *
 * Availability: everywhere. See Python, os.path.commonpath.
 * @example
 * ```ts
 * path.commonpath(['/usr/lib', '/usr/local/lib']) // => '/usr'
 * path.commonpath(['/usr', 'usr']) // throws RangeError
 * ```
 */
export function commonpath(paths: Iterable<TextPath>): string
export function commonpath(paths: Iterable<BytesPath>): Buffer
export function commonpath(paths: Iterable<Path>): string | Buffer
export function commonpath(paths: Iterable<Path>): string | Buffer {
  const given = toArray(paths, 'paths', 'an iterable of paths')
  const names = given.map((path, index) => fileName(path, `paths[${index}]`))
  const [first] = rejectMixedTypes(names, 'paths')
  if (first === undefined) throw badValue('paths', 'must not be empty', given)
  const texts = names.map(asText)
  const absolute = texts.filter((text) => text.startsWith('/')).length
  if (absolute > 0 && absolute < texts.length) {
    throw badValue('paths', 'must be absolute throughout, or relative throughout', given)
  }
  const components = texts.map((text) => text.split('/').filter((name) => name !== '' && name !== '.'))
  const common = components[0]?.slice(0, commonLength(components, Object.is)) ?? []
  return likePath(first, (absolute > 0 ? '/' : '') + common.join('/'))
}

/**
 * Returns the longest common prefix of the paths, character by character: `commonprefix(['/usr/lib', '/usr/local'])` is
 * '/usr/l', which is not a path of a file. `commonpath` compares whole names.
 *
 * Arrays are compared item by item, and the result is an array.
 *
 * @param list the paths, or the arrays
 * @returns the common prefix; '' if `list` is empty. Bytes if the paths are bytes
 * @throws TypeError if some are text and some bytes
 *
 * Availability: everywhere. See Python, os.path.commonprefix.
 * @example
 * ```ts
 * path.commonprefix(['/usr/lib', '/usr/local/lib']) // => '/usr/l'
 * ```
 */
export function commonprefix(list: Iterable<TextPath>): string
export function commonprefix(list: Iterable<BytesPath>): Buffer
export function commonprefix<T>(list: Iterable<readonly T[]>): T[]
export function commonprefix(list: Iterable<Path>): string | Buffer
export function commonprefix(list: Iterable<Path | readonly unknown[]>): string | Buffer | unknown[] {
  const given = toArray(list, 'list', 'an iterable of paths or arrays')
  if (Array.isArray(given[0])) return commonItems(given)
  const names = given.map((path, index) => fileName(path, `list[${index}]`))
  const [first] = rejectMixedTypes(names, 'list')
  if (first === undefined) return ''
  // Compares whole characters: two surrogate pairs may have the same first half.
  const characters = names.map((name) => (typeof name === 'string' ? Array.from(name) : Array.from(asText(name))))
  const common = characters[0]?.slice(0, commonLength(characters, Object.is)) ?? []
  return likePath(first, common.join(''))
}

function commonItems(lists: readonly unknown[]): unknown[] {
  const arrays = lists.map((list, index): unknown[] => {
    if (Array.isArray(list)) return list
    throw wrongType(`list[${index}]`, 'an array, as the first is', list)
  })
  return arrays[0]?.slice(0, commonLength(arrays, isSameItem)) ?? []
}

function isSameItem(a: unknown, b: unknown): boolean {
  return a === b || (a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0)
}
