import { badValue } from '../../errors.ts'
import { type FileName, fsdecode, fsencode } from '../../os/arguments/paths.ts'
import { vfsError } from '../errors.ts'
import { hasControl } from '../names.ts'
import { Failure } from './failure.ts'

/** A parsed path. */
export interface Path {
  /** The path as given by the caller. */
  readonly text: string
  /** The names from the root, without "." and "..". */
  readonly names: readonly Buffer[]
  /** Whether the path must be a directory, because it ends with a slash. */
  readonly isDirectory: boolean
}

/** Parses a path that is absolute or relative to the directory `cwd`. */
export function parsePath(path: FileName, cwd: string): Path {
  const text = fsdecode(path)
  if (text.includes('\0')) throw badValue('path', 'must not contain a NUL', path)
  const names: string[] = []
  for (const name of (text.startsWith('/') ? text : `${cwd}/${text}`).split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return { text, names: names.map((name) => bytesOf(name, text)), isDirectory: /\/\.{0,2}$/.test(text) }
}

function bytesOf(name: string, path: string): Buffer {
  const bytes = fsencode(name)
  if (bytes.length === 0) throw vfsError('EINVAL', 'path', path)
  return bytes
}

/** The absolute path as text. */
export function joinPath(names: readonly Buffer[]): string {
  return `/${names.map((name) => fsdecode(name)).join('/')}`
}

/** The last name of a path. */
export function lastName(path: Path): Buffer {
  const name = path.names.at(-1)
  // The root has no name.
  if (name === undefined) throw new Failure('EINVAL')
  return name
}

/**
 * The last name of a path, for creating it.
 *
 * @throws Failure EINVAL for a name with a control character, which listings omit
 */
export function newName(path: Path): Buffer {
  const name = lastName(path)
  if (hasControl(name)) throw new Failure('EINVAL')
  return name
}

/** Whether a path is below another one. */
export function isBelow(names: readonly Buffer[], above: readonly Buffer[]): boolean {
  return names.length > above.length && above.every((name, index) => names[index]?.equals(name))
}
