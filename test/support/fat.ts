import { vfs } from 'osier/micropython'

const { RamBlockDev, VfsFat } = vfs

/** Bytes that are not the same anywhere, and the same each time. */
export function pattern(size: number, seed = 1): Buffer {
  const data = Buffer.alloc(size)
  for (let at = 0, value = seed; at < size; at++) {
    value = (Math.imul(value, 1103515245) + 12345) >>> 0
    data[at] = value >>> 16
  }
  return data
}

/** All of a file. */
export function contents(fs: vfs.VfsFat, path: string): Buffer {
  using file = fs.open(path, 'rb')
  return file.read()
}

/** A small volume in memory. */
export function small(blocks = 2048): { device: vfs.RamBlockDev & { readonly data: Buffer }; fs: vfs.VfsFat } {
  const device = new RamBlockDev(512, Buffer.alloc(512 * blocks)) as vfs.RamBlockDev & { readonly data: Buffer }
  VfsFat.mkfs(device)
  return { device, fs: new VfsFat(device) }
}
