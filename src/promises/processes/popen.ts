import { BlockingIOError, badValue, ChildProcessError, OSError, wrongType } from '../../errors.ts'
import { type CheckedWaitOptions, ready } from '../../event_loop/fd_operation.ts'
import { throwIfAborted } from '../../event_loop/on_abort.ts'
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
import { releaseChild, reserveChild } from '../../os/processes/any_child.ts'
import { checkedCommand, startOnPipe } from '../../os/processes/popen.ts'
import { waitstatus_to_exitcode } from '../../os/processes/wait.ts'
import { write } from '../descriptors/read_write.ts'
import { Sequence } from '../sequence.ts'
import { takeWaitOptions, type WaitOptions, waitOptions } from '../wait_options.ts'
import { reap, statusAtEnd } from './spawn.ts'
import { lengthOf, UnreadData } from './unread_data.ts'

/** Reaps commands whose file objects were garbage collected without being closed. */
const collectedCommands: FinalizationRegistry<number> = new FinalizationRegistry((pid) => {
  releaseChild(pid)
  reap(pid)
})

/**
 * A file on a pipe from or to a command, none of whose methods blocks the event loop. `popen` creates it.
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
  /** The mode that was given to `popen`. */
  readonly mode: string
  readonly #fd: number
  readonly #pid: number
  #isClosed = false
  /** The result of `close`, once the command has ended. */
  #exit: number | null | undefined

  /** @internal */
  constructor(fd: number, pid: number, mode: string) {
    this.mode = mode
    this.#fd = fd
    this.#pid = pid
    reserveChild(pid)
    collectedCommands.register(this, pid, this)
  }

  /** Whether the file has been closed. */
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
   * Reads until the requested size is reached.
   *
   * @param size how much at the most: characters of a text file, otherwise bytes; omitted, null or negative: everything
   *   up to the end
   * @param options `signal`: aborted, it makes the promise reject, and the data read so far is returned by the next
   *   read; `ref`
   * @returns the data; empty at the end
   */
  abstract read(size?: number | bigint | null, options?: WaitOptions): Promise<Data>

  /**
   * Reads a line.
   *
   * @param size how much of it at the most; omitted, null or negative: the whole line
   * @param options `signal`: aborted, it makes the promise reject, and the line can be read again; `ref`
   * @returns the line with its newline, which only the last line may lack; empty at the end
   */
  abstract readline(size?: number | bigint | null, options?: WaitOptions): Promise<Data>

  /**
   * Writes all of the data.
   *
   * @param options `signal`: aborted, it makes the promise reject; a part may have been written then; `ref`
   * @returns how much was written: characters of a text file, otherwise bytes
   */
  abstract write(data: Given, options?: WaitOptions): Promise<number>

  /** @internal Closes the pipe's end. */
  protected abstract closePipe(): void

  /**
   * Reads the lines that follow, each with its newline.
   *
   * @param hint reading stops after the line with which the total size exceeds this; omitted, null, 0 or negative: all
   *   lines are read
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

  /** Writes lines one after the other. Newlines are not added. */
  async writelines(lines: Iterable<Given> | AsyncIterable<Given>, options: WaitOptions = NO_OPTIONS): Promise<void> {
    for await (const line of lines) await this.write(line, options)
  }

  /** Does nothing on an open file: `write` does not buffer. */
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
   * @returns null where the command succeeded, and where its status is lost (SIGCHLD is ignored, or another call has
   *   reaped it); otherwise its exit code, or the negative number of the signal that ended it, times 256. Further calls
   *   return the same value
   */
  async close(options: WaitOptions = NO_OPTIONS): Promise<number | null> {
    const checkedOptions = waitOptions(options)
    if (!this.#isClosed) {
      this.#isClosed = true
      // The pipe is closed first: a command that reads its input waits for its end.
      this.closePipe()
    }
    if (this.#exit === undefined) await this.#awaitCommand(checkedOptions)
    return this.#exit ?? null
  }

  /** Sets `#exit`. Each caller waits for itself, so that its signal is heard and that of another one is not. */
  async #awaitCommand(checkedOptions: CheckedWaitOptions): Promise<void> {
    try {
      const status = await statusAtEnd(this.#pid, checkedOptions)
      this.#exit ??= waitstatus_to_exitcode(status) << 8 || null
    } catch (error) {
      // Another call has reaped the child: another `close` of this file, or the status is unknown.
      if (error instanceof ChildProcessError) this.#exit ??= null
      if (error instanceof OSError) this.#unregister()
      if (!(error instanceof ChildProcessError)) throw error
    }
    this.#unregister()
  }

  #unregister(): void {
    if (collectedCommands.unregister(this)) releaseChild(this.#pid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** The size of one read where everything is wanted. */
const READ_SIZE = 65536

/** The output of a command. The underlying file is non-blocking, and buffers an incomplete line. */
class CommandOutput<Data extends string | Buffer> extends CommandFile<Data, never> {
  readonly #file: TextFile | BinaryFile
  /** An abort loses nothing: what has been read so far stays here. */
  readonly #unread: UnreadData<Data>
  /** Reads are carried out one at a time: they share the unread data. */
  readonly #reads: Sequence = new Sequence()

  constructor(file: TextFile | BinaryFile, pid: number, mode: string) {
    super(file.fileno(), pid, mode)
    this.#file = file
    this.#unread = new UnreadData(mode.endsWith('b'))
  }

  async read(size: number | bigint | null = -1, options: WaitOptions = NO_OPTIONS): Promise<Data> {
    const most = amount(size, 'size')
    const checkedOptions = waitOptions(options)
    return this.#reads.run(() => this.#read(most, checkedOptions), checkedOptions.signal)
  }

  async #read(most: number, checkedOptions: CheckedWaitOptions): Promise<Data> {
    let length = most === -1 ? 0 : this.#unread.sizeUpTo(most)
    while (most === -1 || length < most) {
      const piece = await this.#whenReady(
        checkedOptions,
        () => this.#file.read(most === -1 ? READ_SIZE : most - length) as Data,
      )
      if (piece.length === 0) break
      this.#unread.push(piece)
      if (most !== -1) length += lengthOf(piece)
    }
    return this.#unread.take(most)
  }

  async readline(size: number | bigint | null = -1, options: WaitOptions = NO_OPTIONS): Promise<Data> {
    const most = amount(size, 'size')
    const checkedOptions = waitOptions(options)
    return this.#reads.run(() => this.#readline(most, checkedOptions), checkedOptions.signal)
  }

  async #readline(most: number, checkedOptions: CheckedWaitOptions): Promise<Data> {
    for (;;) {
      const line = this.#unread.takeLine(most)
      if (line !== null) return line
      const piece = await this.#whenReady(checkedOptions, () => this.#file.readline() as Data)
      if (piece.length === 0) return this.#unread.take(-1)
      this.#unread.push(piece)
    }
  }

  /** Waits for the pipe until `attempt` succeeds, and returns its result. */
  async #whenReady(checkedOptions: CheckedWaitOptions, attempt: () => Data): Promise<Data> {
    for (;;) {
      throwIfAborted(checkedOptions.signal)
      const fd = this.fileno()
      try {
        return attempt()
      } catch (error) {
        if (!(error instanceof BlockingIOError)) throw error
      }
      await ready(fd, READABLE, checkedOptions)
    }
  }

  async write(): Promise<number> {
    throw osError(errnoNumbers.EBADF, 'write', this.fileno())
  }

  protected closePipe(): void {
    this.#file.close()
  }
}

/** The input of a command. */
class CommandInput<Data extends string | Buffer> extends CommandFile<Data, string | ArrayBufferView> {
  readonly #file: BinaryFile
  /** Each write is carried out whole before the next one starts. */
  readonly #writes: Sequence = new Sequence()

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
    const checkedOptions = waitOptions(options)
    await this.#writes.run(() => this.#write(fd, bytes, options), checkedOptions.signal)
    return typeof data === 'string' ? lengthOf(data) : bytes.length
  }

  async #write(fd: number, bytes: Uint8Array, options: WaitOptions): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      // The file may have been closed since the call.
      this.fileno()
      rest = rest.subarray(await write(fd, rest, options))
    }
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
 * Starts a command in a shell, and returns a file on a pipe: of its output, or to its input. The methods are those of
 * the file that `os.popen` returns, as promises.
 *
 * @param cmd the argument of `/bin/sh -c`
 * @param mode 'r' to read the command's output (the default), 'w' to write its input; with a 'b' in bytes, otherwise in
 *   text
 * @param buffering as for `os.popen`; writes are not buffered
 * @returns a file object whose `close` waits for the command and returns how it ended
 * @throws RangeError for another mode; OSError where no child can be made
 *
 * Availability: Linux. Audit event: `subprocess.Popen` (executable, args, cwd, env). See popen(3); Python, os.popen.
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
  // This end of the pipe is not shared with another process, so it may be non-blocking.
  set_blocking(file.fileno(), false)
  return new CommandOutput(file, pid, mode)
}
