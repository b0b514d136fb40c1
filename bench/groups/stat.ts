import { accessSync, constants, readlinkSync, statSync } from 'node:fs'
import os from 'osier'
import { inC, inNode, inPython } from '../contestants.ts'
import type { Work } from '../harness.ts'

const FILE = '/usr/bin/env'
const LINK = '/proc/self/exe'

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
      { name: 'CPython', entry: inPython(`os.access('${FILE}', os.R_OK)`, 'import os'), atMost: 0.8 },
      { name: 'fs.accessSync', entry: inNode(() => accessSync(FILE, constants.R_OK)) },
    ],
  },
  {
    name: 'os.readlink(path)',
    osier: inNode(() => os.readlink(LINK)),
    against: [
      { name: 'CPython', entry: inPython(`os.readlink('${LINK}')`, 'import os'), atMost: 0.8 },
      { name: 'fs.readlinkSync', entry: inNode(() => readlinkSync(LINK)) },
    ],
  },
]
