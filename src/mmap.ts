/** Python's `mmap` module: files and other memory as arrays of bytes. */

export { OSError as error } from './errors.ts'
export { BufferError } from './mmap/buffer_error.ts'
export * from './mmap/constants.ts'
export { mmap } from './mmap/mmap.ts'
export type { MmapOptions } from './mmap/opening.ts'

export * as default from './mmap.ts'
