/**
 * Runs programs one after the other in this process, each in an empty folder, and says on standard output how each went:
 * a line of JSON with its index and what was wrong. Arguments: the folder of them all, then the indices.
 */

import { mkdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openFiles } from './open_files.ts'

const [, , folder = '', ...indices] = process.argv

for (const index of indices) {
  const here = join(folder, `example${index}`, 'here')
  mkdirSync(here)
  process.chdir(here)
  const [before, mask] = [openFiles(), process.umask(0o022)]
  let problem = ''
  try {
    await import(pathToFileURL(join(folder, `example${index}`, 'program.js')).href)
    const leaked = [...openFiles()].filter((file) => !before.has(file))
    if (leaked.length > 0) problem = `left open: ${leaked.join(', ')}`
  } catch (error) {
    problem = error instanceof Error ? String(error.stack) : String(error)
  }
  process.umask(mask)
  // Not through process.stdout, which an example may close or leave.
  writeSync(1, `\n${JSON.stringify({ index: Number(index), problem })}\n`)
}
