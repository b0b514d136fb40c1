import { randomBytes } from 'node:crypto'
import os from 'osier'
import { inC, inNode, inPython } from '../contestants.ts'
import type { Work } from '../harness.ts'

export const works: readonly Work[] = [
  {
    name: 'os.getpid',
    osier: inNode(() => os.getpid()),
    against: [
      { name: 'C', entry: inC('getpid'), atMost: 1.5 },
      { name: 'CPython', entry: inPython('os.getpid()', 'import os') },
    ],
  },
  {
    name: 'os.urandom(16)',
    osier: inNode(() => os.urandom(16)),
    against: [
      { name: 'C', entry: inC('getrandom') },
      { name: 'CPython', entry: inPython('os.urandom(16)', 'import os'), atMost: 1 },
      { name: 'crypto.randomBytes', entry: inNode(() => randomBytes(16)) },
    ],
  },
  {
    name: 'os.environ.get',
    osier: inNode(() => os.environ.get('PATH')),
    against: [
      { name: 'CPython', entry: inPython("os.environ.get('PATH')", 'import os') },
      { name: 'process.env', entry: inNode(() => process.env.PATH) },
    ],
  },
]
