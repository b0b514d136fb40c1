import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import os from 'osier'
import * as bare from '../bare.ts'
import { inC, inNode, inPython } from '../contestants.ts'
import type { Work } from '../harness.ts'

const FILE = '/usr/bin/env'
const ZEROS = '/dev/zero'
const zeros = openSync(ZEROS, 'r')
const file = openSync(FILE, 'r')
const data = Buffer.allocUnsafeSlow(4096)
const own = bare.newMemory(4096)
const [r, w] = os.pipe()
const byte = Buffer.from('x')

/** Node has made some 64 MiB of Buffers before it frees any. */
const next = bare.inTurn(4096, 64 * 2 ** 20)
const CYCLING = "koffi's bare call, into 64 MiB in turn, no Buffer"

export const works: readonly Work[] = [
  {
    name: 'os.open and os.close',
    osier: inNode(() => os.close(os.open(FILE, os.O_RDONLY))),
    against: [
      { name: 'C', entry: inC('open_close'), atMost: 1.4 },
      { name: "koffi's bare calls", entry: inNode(() => bare.close(bare.open(FILE, os.O_CLOEXEC))), isFloor: true },
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
      { name: CYCLING, entry: inNode(() => bare.read(zeros, next(), 4096)), isFloor: true },
    ],
  },
  {
    name: 'os.pread(fd, 4096, 0), a new Buffer',
    osier: inNode(() => os.pread(file, 4096, 0)),
    against: [
      {
        name: 'CPython',
        entry: inPython('os.pread(fd, 4096, 0)', `import os; fd = os.open('${FILE}', os.O_RDONLY)`),
        atMost: 1,
      },
      { name: 'fs.readSync', entry: inNode(() => readSync(file, Buffer.allocUnsafe(4096), 0, 4096, 0)) },
      { name: CYCLING, entry: inNode(() => bare.pread(file, next(), 4096, 0)), isFloor: true },
      { name: "koffi's bare call, into 4 KiB", entry: inNode(() => bare.pread(file, own.address, 4096, 0)) },
    ],
  },
  {
    name: 'os.preadv(fd, [data], 0), 4 KiB',
    osier: inNode(() => os.preadv(file, [data], 0)),
    against: [
      { name: 'C, pread', entry: inC('pread'), atMost: 1.5 },
      { name: "koffi's bare call", entry: inNode(() => bare.preadInto(file, data, 4096, 0)), isFloor: true },
      {
        name: 'CPython',
        entry: inPython(
          'os.preadv(fd, [data], 0)',
          `import os; fd = os.open('${FILE}', os.O_RDONLY); data = bytearray(4096)`,
        ),
        atMost: 0.7,
      },
      { name: 'fs.readSync', entry: inNode(() => readSync(file, data, 0, 4096, 0)) },
    ],
  },
  {
    name: 'os.write and os.read of a byte through a pipe',
    osier: inNode(() => {
      os.write(w, byte)
      os.read(r, 1)
    }),
    against: [
      { name: 'C', entry: inC('pipe') },
      {
        name: "koffi's bare calls",
        entry: inNode(() => {
          bare.write(w, own.address, 1)
          bare.read(r, own.address, 1)
        }),
        isFloor: true,
      },
      {
        name: 'CPython',
        entry: inPython("os.write(w, b'x'); os.read(r, 1)", 'import os; r, w = os.pipe()'),
        atMost: 0.9,
      },
      {
        name: 'fs.writeSync, fs.readSync',
        entry: inNode(() => {
          writeSync(w, byte)
          readSync(r, Buffer.allocUnsafe(1))
        }),
      },
    ],
  },
]
