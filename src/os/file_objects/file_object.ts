import { wrongType } from '../../errors.ts'
import { libc } from '../../libc/functions.ts'
import { int64 } from '../arguments/numbers.ts'
import { write } from '../descriptors/read_write.ts'

/** What files that give text and files that give bytes have in common, and what outlives them. */

/** How much a call is to read: everything where it is left out, null or negative. */
export function amount(size: unknown, name: string): number {
  if (size === null || size === undefined) return -1
  return Math.max(-1, Number(int64(size, name)))
}

/** A file that is open for reading by lines and pieces, for writing, or for both. `fdopen` makes them. */
export abstract class FileObject<Data extends string | Buffer, Given> implements IterableIterator<Data> {
  /**
   * Reads from the current position.
   *
   * @param size how much at the most: characters of a text file, else bytes; everything up to the end where it is left
   *   out, null or negative
   * @returns what was read: nothing at the end
   */
  abstract read(size?: number | bigint | null): Data

  /**
   * Reads a line.
   *
   * @param size how much of it at the most; all where it is left out, null or negative
   * @returns the line with its newline, which only the last one may lack; nothing at the end
   */
  abstract readline(size?: number | bigint | null): Data

  /**
   * Writes. What is written may be buffered until there is more of it, or until `flush` or `close`.
   *
   * @returns how much was written: characters of a text file, else bytes
   */
  abstract write(data: Given): number

  /** Closes the file, after writing what is buffered. Closing it twice is no error. */
  abstract close(): void

  /**
   * Reads the lines that follow, each with its newline.
   *
   * @param hint once more than this much has been read no further line is; all are where it is left out, null or not
   *   above 0
   */
  readlines(hint: number | bigint | null = -1): Data[] {
    const enough = amount(hint, 'hint')
    const lines: Data[] = []
    let size = 0
    for (let line = this.readline(); line.length > 0; line = this.readline()) {
      lines.push(line)
      size += line.length
      if (enough > 0 && size > enough) break
    }
    return lines
  }

  /** Writes one after the other. Newlines are not added. */
  writelines(lines: Iterable<Given>): void {
    if (typeof lines !== 'object' || lines === null || !(Symbol.iterator in lines)) {
      throw wrongType('lines', 'an iterable', lines)
    }
    for (const line of lines) this.write(line)
  }

  /** The next line: `for (const line of file)`. */
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

/** Files with data that waits to be written: their data is not to be lost when the process ends. */
const waiting = new Set<Output>()

let flushesAtExit = false

/** Data on its way to a descriptor. It knows nothing of the file object, so that it can outlive it. */
export class Output {
  readonly fd: number
  readonly #capacity: number
  #memory: Buffer | undefined
  #size = 0

  constructor(fd: number, capacity: number) {
    this.fd = fd
    this.#capacity = capacity
  }

  /** How many bytes wait. */
  get size(): number {
    return this.#size
  }

  /** How many more may wait. */
  get free(): number {
    return this.#capacity - this.#size
  }

  /** Takes bytes, at most as many as are free. */
  append(bytes: Uint8Array): void {
    this.#memory ??= Buffer.allocUnsafeSlow(this.#capacity)
    this.#memory.set(bytes, this.#size)
    this.#size += bytes.length
    waiting.add(this)
    if (flushesAtExit) return
    flushesAtExit = true
    process.on('exit', flushAll)
  }

  /** Writes what waits. What cannot be written goes on waiting. */
  flush(): void {
    const memory = this.#memory
    if (memory === undefined || this.#size === 0) return
    let done = 0
    try {
      while (done < this.#size) done += write(this.fd, memory.subarray(done, this.#size))
    } finally {
      memory.copyWithin(0, done, this.#size)
      this.#size -= done
      if (this.#size === 0) waiting.delete(this)
    }
  }

  /** Forgets what waits. */
  discard(): void {
    this.#size = 0
    waiting.delete(this)
  }
}

function flushAll(): void {
  for (const output of waiting) {
    try {
      output.flush()
    } catch (error) {
      console.error(`the last output to descriptor ${output.fd} is lost: ${String(error)}`)
    }
  }
}

/** What a file that nobody closed leaves behind. */
interface Leftover {
  readonly output: Output
  readonly closefd: boolean
}

/** Files that are to be closed when they are collected. */
export const forgotten: FinalizationRegistry<Leftover> = new FinalizationRegistry(({ output, closefd }) => {
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
