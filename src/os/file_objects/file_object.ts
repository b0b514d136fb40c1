import { wrongType } from '../../errors.ts'
import { libc } from '../../libc/functions.ts'
import { int64 } from '../arguments/numbers.ts'
import { write } from '../descriptors/read_write.ts'

/** The base class of text and binary files, and their output buffer, which outlives them. */

/** Checks the size argument of a read; -1 (everything) if undefined, null or negative. */
export function amount(size: unknown, name: string): number {
  if (size === null || size === undefined) return -1
  return Math.max(-1, Number(int64(size, name)))
}

/** An open file, for reading, writing or both. `fdopen` creates file objects. */
export abstract class FileObject<Data extends string | Buffer, Given> implements IterableIterator<Data> {
  /**
   * Reads from the current position.
   *
   * @param size the maximum size: in characters for a text file, else in bytes; everything up to the end if undefined,
   *   null or negative
   * @returns the data read: empty at the end
   */
  abstract read(size?: number | bigint | null): Data

  /**
   * Reads a line.
   *
   * @param size the maximum size; the whole line if undefined, null or negative
   * @returns the line with its newline, which only the last line may lack; empty at the end
   */
  abstract readline(size?: number | bigint | null): Data

  /**
   * Writes data. The data may be buffered until the buffer is full, or until `flush` or `close`.
   *
   * @returns the size written: in characters for a text file, else in bytes
   */
  abstract write(data: Given): number

  /** Writes the buffered data, and closes the file. A second call has no effect. */
  abstract close(): void

  /**
   * Reads the remaining lines, each with its newline.
   *
   * @param hint reading stops after the line with which the total size exceeds this; all lines are read if undefined,
   *   null or not above 0
   */
  readlines(hint: number | bigint | null = -1): Data[] {
    const limit = amount(hint, 'hint')
    const lines: Data[] = []
    let size = 0
    for (let line = this.readline(); line.length > 0; line = this.readline()) {
      lines.push(line)
      size += line.length
      if (limit > 0 && size > limit) break
    }
    return lines
  }

  /** Writes several lines. Newlines are not added. */
  writelines(lines: Iterable<Given>): void {
    if (typeof lines !== 'object' || lines === null || !(Symbol.iterator in lines)) {
      throw wrongType('lines', 'an iterable', lines)
    }
    for (const line of lines) this.write(line)
  }

  /** Returns the next line, for `for (const line of file)`. */
  next(): IteratorResult<Data, undefined> {
    const value = this.readline()
    return value.length > 0 ? { done: false, value } : { done: true, value: undefined }
  }

  [Symbol.iterator](): this {
    return this
  }

  /** `close()`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }
}

/** Outputs with buffered data, which is written when the process exits. */
const unflushed = new Set<Output>()

let flushesAtExit = false

/** The output buffer of a descriptor. It has no reference to the file object, so that it can outlive it. */
export class Output {
  readonly fd: number
  readonly #capacity: number
  #memory: Buffer | undefined
  #size = 0

  constructor(fd: number, capacity: number) {
    this.fd = fd
    this.#capacity = capacity
  }

  /** The number of buffered bytes. */
  get size(): number {
    return this.#size
  }

  /** The number of free bytes in the buffer. */
  get free(): number {
    return this.#capacity - this.#size
  }

  /** Appends bytes to the buffer; at most `free` bytes. */
  append(bytes: Uint8Array): void {
    this.#memory ??= Buffer.allocUnsafeSlow(this.#capacity)
    this.#memory.set(bytes, this.#size)
    this.#size += bytes.length
    unflushed.add(this)
    if (flushesAtExit) return
    flushesAtExit = true
    process.on('exit', flushAll)
  }

  /** Writes the buffered bytes. Bytes that cannot be written stay in the buffer. */
  flush(): void {
    const memory = this.#memory
    if (memory === undefined || this.#size === 0) return
    let done = 0
    try {
      while (done < this.#size) done += write(this.fd, memory.subarray(done, this.#size))
    } finally {
      memory.copyWithin(0, done, this.#size)
      this.#size -= done
      if (this.#size === 0) unflushed.delete(this)
    }
  }

  /** Discards the buffered bytes. */
  discard(): void {
    this.#size = 0
    unflushed.delete(this)
  }
}

function flushAll(): void {
  for (const output of unflushed) {
    try {
      output.flush()
    } catch (error) {
      console.error(`the last output to descriptor ${output.fd} is lost: ${String(error)}`)
    }
  }
}

/** The output of a file object that is garbage-collected without having been closed. */
interface UnclosedFile {
  readonly output: Output
  readonly closefd: boolean
}

/** Closes files that are garbage-collected while open. */
export const unclosedFiles: FinalizationRegistry<UnclosedFile> = new FinalizationRegistry(({ output, closefd }) => {
  try {
    output.flush()
  } catch (error) {
    process.emitWarning(`the last output to descriptor ${output.fd} is lost: ${String(error)}`, 'ResourceWarning')
  }
  output.discard()
  if (!closefd) return
  libc.close(output.fd)
  process.emitWarning(`unclosed file of descriptor ${output.fd}`, 'ResourceWarning')
})
