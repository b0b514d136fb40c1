import { accessSync, constants, readlinkSync, statSync } from 'node:fs'
import os from 'osier'
import * as bare from '../bare.ts'
import { inC, inNode, inPython } from '../contestants.ts'
import type { Work } from '../harness.ts'

const FILE = '/usr/bin/env'
/** Not one of /proc/self, which would lead everybody elsewhere. */
const LINK = '/dev/fd'
const scratch = bare.newMemory(4096)

export const works: readonly Work[] = [
  {
    name: 'os.stat(path), all fields',
    osier: inNode(() => os.stat(FILE)),
    against: [
      { name: 'C', entry: inC('stat'), atMost: 1.9 },
      { name: 'CPython', entry: inPython(`os.stat('${FILE}')`, 'import os'), atMost: 0.7 },
      { name: 'fs.statSync', entry: inNode(() => statSync(FILE)), atMost: 0.8 },
    ],
  },
  {
    name: 'os.access(path, R_OK)',
    osier: inNode(() => os.access(FILE, os.R_OK)),
    against: [
      { name: 'C', entry: inC('access') },
      { name: "koffi's bare call", entry: inNode(() => bare.access(FILE, os.R_OK)), isFloor: true },
      { name: 'CPython', entry: inPython(`os.access('${FILE}', os.R_OK)`, 'import os'), atMost: 0.8 },
      { name: 'fs.accessSync', entry: inNode(() => accessSync(FILE, constants.R_OK)) },
    ],
  },
  {
    name: 'os.readlink(path)',
    osier: inNode(() => os.readlink(LINK)),
    against: [
      { name: 'C', entry: inC('readlink') },
      { name: "koffi's bare call", entry: inNode(() => bare.readlink(LINK, scratch.address, 4096)), isFloor: true },
      { name: 'CPython', entry: inPython(`os.readlink('${LINK}')`, 'import os'), atMost: 0.8 },
      { name: 'fs.readlinkSync', entry: inNode(() => readlinkSync(LINK)) },
    ],
  },
]
