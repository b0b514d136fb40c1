import { closeSync, openSync, readSync } from 'node:fs'
import os from 'osier'
import { inC, inNode, inPython } from '../contestants.ts'
import type { Work } from '../harness.ts'

const FILE = '/usr/bin/env'
const ZEROS = '/dev/zero'
const zeros = openSync(ZEROS, 'r')

export const works: readonly Work[] = [
  {
    name: 'os.open and os.close',
    osier: inNode(() => os.close(os.open(FILE, os.O_RDONLY))),
    against: [
      { name: 'C', entry: inC('open_close'), atMost: 1.4 },
      { name: 'CPython', entry: inPython(`os.close(os.open('${FILE}', os.O_RDONLY))`, 'import os'), atMost: 0.95 },
      { name: 'fs.openSync, fs.closeSync', entry: inNode(() => closeSync(openSync(FILE, 'r'))) },
    ],
  },
  {
    name: 'os.read(fd, 4096), a new Buffer',
    osier: inNode(() => os.read(zeros, 4096)),
    against: [
      {
        name: 'CPython',
        entry: inPython('os.read(fd, 4096)', `import os; fd = os.open('${ZEROS}', os.O_RDONLY)`),
        atMost: 1,
      },
      { name: 'fs.readSync', entry: inNode(() => readSync(zeros, Buffer.allocUnsafe(4096))) },
    ],
  },
]
