/**
 * A mapping cannot be closed or resized, since an ArrayBuffer over it is in use.
 *
 * See Python, Built-in Exceptions, BufferError.
 * @example
 * ```ts
 * const memory = new mmap.mmap(-1, 4096)
 * const array = new Uint8Array(memory.view())
 * memory.close() // throws BufferError
 * array.length // => 4096
 * ```
 */
export class BufferError extends Error {
  override readonly name: string = 'BufferError'
}
