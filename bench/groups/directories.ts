import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import os from 'osier'
import { countFiles } from '../bare_directory.ts'
import { type Entry, inC, inNode, inPython } from '../contestants.ts'
import type { Work } from '../harness.ts'

/** A third of it are symbolic links, and what those point to has to be asked; Node's Dirent does not ask. */
const PROGRAMS = '/usr/bin'
/** As many plain files, of which nothing has to be asked. */
const PLAIN = plainFolder(readdirSync(PROGRAMS).length)

function plainFolder(files: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'osier-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'plain'))
  for (let i = 0; i < files; i++) writeFileSync(join(folder, 'plain', `program-${i}`), '')
  return join(folder, 'plain')
}

function listing(folder: string): Work {
  return {
    name: `os.listdir(${folder})`,
    osier: inNode(() => os.listdir(folder)),
    against: [
      { name: 'C, readdir', entry: inC('readdir') },
      { name: 'CPython', entry: inPython(`os.listdir('${folder}')`, 'import os'), atMost: 0.9 },
      { name: 'fs.readdirSync', entry: inNode(() => readdirSync(folder)), atMost: 0.6 },
    ],
  }
}

function scanning(folder: string, name: string, floor: Entry): Work {
  return {
    name: `os.scandir(${name}), is_file() of each`,
    osier: inNode(() => {
      let files = 0
      for (const entry of os.scandir(folder)) if (entry.is_file()) files += 1
      return files
    }),
    against: [
      { name: 'C, readdir, fstatat of links', entry: floor },
      { name: "koffi's bare calls, no names", entry: inNode(() => countFiles(folder)), isFloor: true },
      {
        name: 'CPython',
        entry: inPython(`sum(entry.is_file() for entry in os.scandir('${folder}'))`, 'import os'),
        atMost: 0.5,
      },
      {
        name: 'fs.readdirSync, withFileTypes',
        entry: inNode(() => {
          let files = 0
          for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isFile()) files += 1
          return files
        }),
        atMost: 0.8,
      },
    ],
  }
}

export const works: readonly Work[] = [
  listing(PROGRAMS),
  scanning(PROGRAMS, PROGRAMS, inC('scan_programs')),
  scanning(
    PLAIN,
    'as many plain files',
    inC('scan_plain', () => [os.open(PLAIN, os.O_RDONLY)]),
  ),
]
