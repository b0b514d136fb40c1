import os from 'osier'
import type { vfs } from 'osier/micropython'

/** A device in memory that records accesses out of bounds. */
export function guarded(data: Buffer, blockSize: number): { device: vfs.BlockDevice; asked: { outside: boolean } } {
  const asked = { outside: false }
  const piece = (block: number, offset: number | undefined, size: number): Buffer => {
    const at = block * blockSize + (offset ?? 0)
    if (block < 0 || at + size > data.length) asked.outside = true
    // Only whole blocks may be several.
    if (offset !== undefined && (offset < 0 || offset + size > blockSize)) asked.outside = true
    return data.subarray(at, at + size)
  }
  const device: vfs.BlockDevice = {
    readblocks: (block, buffer, offset) => buffer.set(piece(block, offset, buffer.length)),
    writeblocks: (block, buffer, offset) => {
      piece(block, offset, buffer.length).set(buffer)
    },
    ioctl: (op) => (op === 4 ? data.length / blockSize : op === 5 ? blockSize : 0),
  }
  return { device, asked }
}

/** Does something that may fail, as an OSError. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof os.OSError)) throw error
    return undefined
  }
}
