import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import os from 'osier'
import { temporaryFolder } from './folder.ts'

/** What there is to make: a file, a link to something, or a directory of more. */
export interface Tree {
  readonly [name: string]: 'file' | { readonly link: string } | Tree
}

/** Makes trees, each in a new directory whose path it gives; they are gone after the tests of this file. */
export function planter(): (tree: Tree) => string {
  const folder = temporaryFolder()
  // Also for users who do not own it.
  os.chmod(folder, 0o755)
  let count = 0
  return (tree) => {
    const place = join(folder, `place-${count++}`)
    mkdirSync(place)
    grow(place, tree)
    return place
  }
}

function grow(place: string, tree: Tree): void {
  for (const [name, what] of Object.entries(tree)) {
    const path = os.fsencode(`${place}/${name}`)
    if (what === 'file') writeFileSync(path, '')
    else if (typeof what.link === 'string') symlinkSync(what.link, path)
    else {
      mkdirSync(path)
      grow(`${place}/${name}`, what as Tree)
    }
  }
}

/** Plain files of these names. */
export function files(names: readonly string[]): Tree {
  return Object.fromEntries(names.map((name) => [name, 'file']))
}

/** Plain files, more than the system gives at once where there are some thousand. */
export function manyFiles(number: number): Tree {
  return files(Array.from({ length: number }, (_, i) => `file-with-a-long-name-${i}`))
}

/** Directories, files, links of all kinds, names of all kinds. */
export const sampleTree: Tree = {
  a: { aa: { aaa: { file: 'file' }, 'aab\udcff': { 'f\udc80': 'file' } }, ab: {}, file: 'file' },
  b: { up: { link: '..' }, self: { link: '.' }, 'to-c': { link: '../c' } },
  c: { 'ünï 漢字': { '🦀': 'file', d: {} }, broken: { link: 'nowhere' }, 'to-file': { link: '../a/file' } },
  'link-to-a': { link: 'a' },
  loop: { link: 'loop' },
  file: 'file',
  'file\udcfe': 'file',
}
