import { BlockingIOError, badValue, ChildProcessError, OSError, wrongType } from '../../errors.ts'
import { type CheckedWaitOptions, ready } from '../../event_loop/fd_operation.ts'
import { READABLE } from '../../event_loop/poller.ts'
import { osError } from '../../libc/call.ts'
import { errnoNumbers } from '../../libc/facts.ts'
import { encode } from '../../libc/strings.ts'
import { view } from '../../os/arguments/buffers.ts'
import { NO_OPTIONS } from '../../os/arguments/options.ts'
import type { Path } from '../../os/arguments/paths.ts'
import { set_blocking } from '../../os/descriptors/open_close.ts'
import type { BinaryFile } from '../../os/file_objects/binary_file.ts'
import { amount } from '../../os/file_objects/file_object.ts'
import type { TextFile } from '../../os/file_objects/text_file.ts'
import { claim, unclaim } from '../../os/processes/any_child.ts'
import { checkedCommand, startOnPipe } from '../../os/processes/popen.ts'
import { waitstatus_to_exitcode } from '../../os/processes/wait.ts'
import { write } from '../descriptors/read_write.ts'
import { takeWaitOptions, type WaitOptions, waitOptions } from '../wait_options.ts'
import { reap, statusAtEnd } from './spawn.ts'

/** Commands whose files were collected before they were closed. */
const forgotten: FinalizationRegistry<number> = new FinalizationRegistry((pid) => {
  unclaim(pid)
  reap(pid)
})

/**
 * A file on a pipe from or to a command, none of whose methods keeps the event loop waiting. `popen` makes them.
 * @example
 * ```ts
 * const command = await promises.popen('echo one; exit 3')
 * command instanceof promises.CommandFile // => true
 * await command.read() // => 'one\n'
 * os.waitstatus_to_exitcode((await command.close()) ?? 0) // => 3
 * ```
 */
export abstract class CommandFile<Data extends string | Buffer, Given>
  implements AsyncIterableIterator<Data, undefined>
{
  /** The mode it was asked for. */
  readonly mode: string
  readonly #fd: number
  readonly #pid: number
  #isClosed = false
  #end: Promise<number | null> | undefined

  /** @internal */
  constructor(fd: number, pid: number, mode: string) {
    this.mode = mode
    this.#fd = fd
    this.#pid = pid
    claim(pid)
    forgotten.register(this, pid, this)
  }

  /** Whether it has been closed. */
  get closed(): boolean {
    return this.#isClosed
  }

  /**
   * The descriptor of the pipe's end.
   *
   * @throws OSError EBADF once the file is closed
   */
  fileno(): number {
    if (this.#isClosed) throw osError(errnoNumbers.EBADF, 'fileno', this.#fd)
    return this.#fd
  }

  /**
   * Reads on, until there is as much as was asked for.
   *
   * @param size how much at the most: characters of a text file, else bytes; everything up to the end where it is left
   *   out, null or negative
   * @param options `signal`: aborted, it makes the promise reject, and what has been read so far is read again; `ref`
   * @returns what was read: nothing at the end
   */
  abstract read(size?: number | bigint | null, options?: WaitOptions): Promise<Data>

  /**
   * Reads a line.
   *
   * @param size how much of it at the most; all where it is left out, null or negative
   * @param options `signal`: aborted, it makes the promise reject, and the line can be read again; `ref`
   * @returns the line with its newline, which only the last one may lack; nothing at the end
   */
  abstract readline(size?: number | bigint | null, options?: WaitOptions): Promise<Data>

  /**
   * Writes all of it.
   *
   * @param options `signal`: aborted, it makes the promise reject; a part may have been written then; `ref`
   * @returns how much was written: characters of a text file, else bytes
   */
  abstract write(data: Given, options?: WaitOptions): Promise<number>

  /** @internal Closes the pipe's end. */
  protected abstract closePipe(): void

  /**
   * Reads the lines that follow, each with its newline.
   *
   * @param hint once there is more than this much no further line is read; all are read where it is left out, null or
   *   not above 0
   */
  async readlines(hint: number | bigint | null = -1, options: WaitOptions = NO_OPTIONS): Promise<Data[]> {
    const enough = amount(hint, 'hint')
    const lines: Data[] = []
    let size = 0
    for (let line = await this.readline(-1, options); line.length > 0; line = await this.readline(-1, options)) {
      lines.push(line)
      size += line.length
      if (enough > 0 && size > enough) break
    }
    return lines
  }

  /** Writes one after the other. Newlines are not added. */
  async writelines(lines: Iterable<Given> | AsyncIterable<Given>, options: WaitOptions = NO_OPTIONS): Promise<void> {
    for await (const line of lines) await this.write(line, options)
  }

  /** There is nothing that waits in memory: `write` has written it. */
  async flush(): Promise<void> {
    this.fileno()
  }

  /** The next line: `for await (const line of file)`. */
  async next(): Promise<IteratorResult<Data, undefined>> {
    const value = await this.readline()
    return value.length > 0 ? { done: false, value } : { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /**
   * Closes the pipe, and waits for the command.
   *
   * @param options `signal`: aborted, it makes the promise reject; the pipe is closed, and `close` can be called again;
   *   `ref`
   * @returns null where it succeeded, and where its status is lost (SIGCHLD is ignored, or somebody else has waited for
   *   it); else its exit code, or the negative number of the signal that ended it, times 256. The same again when it is
   *   called again
   */
  async close(options: WaitOptions = NO_OPTIONS): Promise<number | null> {
    const patience = waitOptions(options)
    if (!this.#isClosed) {
      this.#isClosed = true
      // Before the wait: a command that reads its input waits for its end.
      this.closePipe()
    }
    this.#end ??= this.#awaitCommand(patience)
    return this.#end
  }

  async #awaitCommand(patience: CheckedWaitOptions): Promise<number | null> {
    try {
      const status = await statusAtEnd(this.#pid, patience)
      this.#letGo()
      return waitstatus_to_exitcode(status) << 8 || null
    } catch (error) {
      if (error instanceof OSError) this.#letGo()
      // Somebody else has waited for it, and nobody can tell how it ended.
      if (error instanceof ChildProcessError) return null
      this.#end = undefined
      throw error
    }
  }

  #letGo(): void {
    if (forgotten.unregister(this)) unclaim(this.#pid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** How much is read at once where all is wanted. */
const PIECE = 65536

/** What a command writes. The file behind it does not block, and keeps a line that has only begun. */
class CommandOutput<Data extends string | Buffer> extends CommandFile<Data, never> {
  readonly #file: TextFile | BinaryFile
  /** What has been read, and has not been enough: an abort loses nothing. */
  #parts: Data[] = []

  constructor(file: TextFile | BinaryFile, pid: number, mode: string) {
    super(file.fileno(), pid, mode)
    this.#file = file
  }

  async read(size: number | bigint | null = -1, options: WaitOptions = NO_OPTIONS): Promise<Data> {
    const most = amount(size, 'size')
    const patience = waitOptions(options)
    let length = lengthOf(this.#joined())
    while (most === -1 || length < most) {
      const piece = await this.#whenReady(patience, () => this.#file.read(most === -1 ? PIECE : most - length) as Data)
      if (piece.length === 0) break
      this.#parts.push(piece)
      length += lengthOf(piece)
    }
    return this.#take(most)
  }

  async readline(size: number | bigint | null = -1, options: WaitOptions = NO_OPTIONS): Promise<Data> {
    const most = amount(size, 'size')
    const patience = waitOptions(options)
    for (;;) {
      const ahead = this.#joined()
      const newline = ahead.indexOf('\n')
      const length = newline === -1 ? -1 : lengthOf(ahead.slice(0, newline + 1) as Data)
      if (most !== -1 && (length === -1 ? lengthOf(ahead) : length) >= most) return this.#take(most)
      if (newline !== -1) return this.#take(length)
      const piece = await this.#whenReady(patience, () => this.#file.readline() as Data)
      if (piece.length === 0) return this.#take(-1)
      this.#parts.push(piece)
    }
  }

  #joined(): Data {
    const parts = this.#parts
    if (parts.length !== 1) {
      const isBinary = this.mode.endsWith('b')
      parts.splice(0, parts.length, (isBinary ? Buffer.concat(parts as Buffer[]) : parts.join('')) as Data)
    }
    return parts[0] as Data
  }

  /** The first of what has been read: bytes or characters; all of it for -1. */
  #take(most: number): Data {
    const ahead = this.#joined()
    const end =
      most === -1 ? ahead.length : typeof ahead === 'string' ? [...ahead].slice(0, most).join('').length : most
    this.#parts = [ahead.slice(end) as Data]
    return ahead.slice(0, end) as Data
  }

  /** What `attempt` gives once the pipe has something for it. */
  async #whenReady(patience: CheckedWaitOptions, attempt: () => Data): Promise<Data> {
    for (;;) {
      patience.signal?.throwIfAborted()
      const fd = this.fileno()
      try {
        return attempt()
      } catch (error) {
        if (!(error instanceof BlockingIOError)) throw error
      }
      await ready(fd, READABLE, patience)
    }
  }

  async write(): Promise<number> {
    throw osError(errnoNumbers.EBADF, 'write', this.fileno())
  }

  protected closePipe(): void {
    this.#file.close()
  }
}

/** In bytes, or in characters, of which a pair of surrogates is one. */
function lengthOf(data: string | Buffer): number {
  return typeof data === 'string' ? [...data].length : data.length
}

/** What a command reads. */
class CommandInput<Data extends string | Buffer> extends CommandFile<Data, string | ArrayBufferView> {
  readonly #file: BinaryFile

  constructor(file: BinaryFile, pid: number, mode: string) {
    super(file.fileno(), pid, mode)
    this.#file = file
  }

  async read(): Promise<Data> {
    throw osError(errnoNumbers.EBADF, 'read', this.fileno())
  }

  async readline(): Promise<Data> {
    throw osError(errnoNumbers.EBADF, 'readline', this.fileno())
  }

  async write(data: string | ArrayBufferView, options: WaitOptions = NO_OPTIONS): Promise<number> {
    const fd = this.fileno()
    const bytes = this.mode.endsWith('b') ? view(data, 'data') : encoded(data)
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(await write(fd, rest, options))
    return typeof data === 'string' ? lengthOf(data) : bytes.length
  }

  protected closePipe(): void {
    this.#file.close()
  }
}

function encoded(text: unknown): Uint8Array {
  if (typeof text !== 'string') throw wrongType('data', 'a string', text)
  const bytes = encode(text)
  if (typeof bytes === 'number') throw badValue('data', 'cannot be encoded in UTF-8', text)
  return bytes
}

/**
 * Starts a command in a shell, and gives a file on a pipe: of what it writes, or for what it is to read. Its methods
 * are those of the file that `os.popen` gives, as promises.
 *
 * @param cmd what `/bin/sh -c` gets
 * @param mode 'r' to read the command's output (the default), 'w' to write its input; with a 'b' in bytes, else in text
 * @param buffering as for `os.popen`; what is written is written at once
 * @returns a file object whose `close` waits for the command and tells how it ended
 * @throws RangeError for another mode; OSError where no child can be made
 *
 * Availability: Linux. See popen(3); Python, os.popen.
 * @example
 * ```ts
 * await using command = await promises.popen('echo one; echo two')
 * const lines: string[] = []
 * for await (const line of command) lines.push(line)
 * lines // => ['one\n', 'two\n']
 * ```
 */
export function popen(
  cmd: Path,
  mode: 'rb' | 'wb',
  buffering?: number,
  options?: WaitOptions,
): Promise<CommandFile<Buffer, ArrayBufferView>>
export function popen(
  cmd: Path,
  mode?: 'r' | 'w' | 'rt' | 'wt',
  buffering?: number,
  options?: WaitOptions,
): Promise<CommandFile<string, string>>
export function popen(
  cmd: Path,
  options: { readonly mode?: string | undefined; readonly buffering?: number | undefined } & WaitOptions,
): Promise<CommandFile<string, string>>
export async function popen(cmd: Path, ...rest: unknown[]): Promise<CommandFile<string | Buffer, never>> {
  takeWaitOptions(rest)
  const { command, mode, size } = checkedCommand(cmd, rest)
  if (mode.startsWith('w')) return new CommandInput(...startOnPipe(command, 'wb', 0), mode)
  const [file, pid] = startOnPipe(command, mode, size)
  // Our end is ours alone: nobody else is surprised that it does not block.
  set_blocking(file.fileno(), false)
  return new CommandOutput(file, pid, mode)
}
