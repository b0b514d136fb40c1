import { vfs } from 'osier/micropython'
import { inNode } from '../contestants.ts'
import type { Work } from '../harness.ts'

const SIZE = 16 * 2 ** 20
/** 100 MB in a second, for that much. */
const MILLISECONDS = SIZE / 1e5

const data = Buffer.alloc(SIZE, 'contents')
const copy = Buffer.alloc(SIZE)
const device = new vfs.RamBlockDev(512, (2 * SIZE) / 512)
vfs.VfsFat.mkfs(device)
const fs = new vfs.VfsFat(device)
write()

function write(): void {
  using file = fs.open('large', 'wb')
  file.write(data)
}

function read(): void {
  using file = fs.open('large', 'rb')
  file.readinto(copy)
}

const memory = { name: 'a copy in memory', entry: inNode(() => data.copy(copy)), atMostMore: MILLISECONDS }

export const works: readonly Work[] = [
  { name: 'VfsFat in memory: write 16 MiB', osier: inNode(write), against: [memory] },
  { name: 'VfsFat in memory: read 16 MiB', osier: inNode(read), against: [memory] },
]
