import os from 'osier'
import { inC, inNode } from '../contestants.ts'
import type { Work } from '../harness.ts'

// 256 MiB in memory: on a disk, the disk would decide. Made on first use, since other entries need none.
const LARGE = 256 * 2 ** 20

let files: readonly [source: number, target: number] | undefined

function makeFiles(): readonly [source: number, target: number] {
  const [source, target] = [os.memfd_create('source'), os.memfd_create('target')]
  const block = Buffer.alloc(2 ** 20, 'x')
  for (let done = 0; done < LARGE; done += block.length) os.write(source, block)
  return [source, target]
}

export const works: readonly Work[] = [
  {
    name: 'os.sendfile, 256 MiB',
    osier: inNode(() => {
      const [source, target] = (files ??= makeFiles())
      os.lseek(target, 0, os.SEEK_SET)
      for (let done = 0; done < LARGE; ) done += os.sendfile(target, source, done, LARGE - done)
    }),
    against: [{ name: 'C', entry: inC('sendfile'), atMost: 1.02 }],
  },
  {
    name: 'os.copy_file_range, 256 MiB',
    osier: inNode(() => {
      const [source, target] = (files ??= makeFiles())
      for (let done = 0; done < LARGE; ) done += os.copy_file_range(source, target, LARGE - done, done, done)
    }),
    against: [{ name: 'C', entry: inC('copy_file_range'), atMost: 1.02 }],
  },
]
