import { spawnSync } from 'node:child_process'
import os from 'osier'
import { inC, inNode, inPython } from '../contestants.ts'
import type { Work } from '../harness.ts'

export const works: readonly Work[] = [
  {
    name: 'os.posix_spawn of /bin/true, os.waitpid',
    osier: inNode(() => os.waitpid(os.posix_spawn('/bin/true', ['true'], os.environ), 0)),
    against: [
      { name: 'C', entry: inC('spawn'), isFloor: true },
      {
        name: 'CPython',
        entry: inPython("os.waitpid(os.posix_spawn('/bin/true', ['true'], os.environ), 0)", 'import os'),
        atMost: 0.8,
      },
      {
        name: 'child_process.spawnSync',
        entry: inNode(() => spawnSync('/bin/true', { stdio: 'ignore' })),
        atMost: 0.6,
      },
    ],
  },
]
