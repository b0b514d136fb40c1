import os from 'osier'
import { inC, inNode } from '../contestants.ts'
import type { Work } from '../harness.ts'

// 256 MiB in memory: on a disk, the disk would decide. All contestants copy between the same two files, because where in
// memory a file of one's own comes to lie makes a difference of a third.
const LARGE = 256 * 2 ** 20
const [SOURCE, TARGET] = [3, 4]

let files: readonly [source: number, target: number] | undefined

function makeFiles(): readonly [source: number, target: number] {
  const [source, target] = [os.memfd_create('source'), os.memfd_create('target')]
  const block = Buffer.alloc(2 ** 20, 'x')
  for (let done = 0; done < LARGE; done += block.length) {
    os.write(source, block)
    os.write(target, block)
  }
  return [source, target]
}

const both = (): readonly number[] => (files ??= makeFiles())

export const works: readonly Work[] = [
  {
    name: 'os.sendfile, 256 MiB',
    osier: inNode(() => {
      os.lseek(TARGET, 0, os.SEEK_SET)
      for (let done = 0; done < LARGE; ) done += os.sendfile(TARGET, SOURCE, done, LARGE - done)
    }, both),
    against: [{ name: 'C', entry: inC('sendfile', both), atMost: 1.02 }],
  },
  {
    name: 'os.copy_file_range, 256 MiB',
    osier: inNode(() => {
      for (let done = 0; done < LARGE; ) done += os.copy_file_range(SOURCE, TARGET, LARGE - done, done, done)
    }, both),
    against: [{ name: 'C', entry: inC('copy_file_range', both), atMost: 1.02 }],
  },
]
