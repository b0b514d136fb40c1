import { AuditEvent } from '../../audit.ts'
import { badValue, wrongType } from '../../errors.ts'
import { osError } from '../../libc/call.ts'
import { constants, errnoNumbers } from '../../libc/facts.ts'
import { type Descriptor, nonNegativeFd } from '../arguments/descriptors.ts'
import { bool, int } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'
import { lseek } from '../descriptors/ranges.ts'
import { isatty } from '../descriptors/terminals.ts'
import { fstat } from '../files/status.ts'
import { BinaryFile } from './binary_file.ts'
import { findCodec } from './text_codecs.ts'
import { type Newline, TextFile, type TextFileOptions } from './text_file.ts'

const {
  O_RDONLY,
  O_WRONLY,
  O_RDWR,
  O_CREAT,
  O_EXCL,
  O_TRUNC,
  O_APPEND,
  O_CLOEXEC,
  S_IFMT,
  S_IFDIR,
  S_IFREG,
  S_IFBLK,
  SEEK_END,
} = constants

/** The letter of a mode that says how the file is opened. */
type Access = 'r' | 'w' | 'a' | 'x'

/** A letter beside another one, and perhaps '+', in any order. */
type InAnyOrder<A extends string, B extends string> =
  | `${A}${B}`
  | `${B}${A}`
  | `${A}${B}+`
  | `${A}+${B}`
  | `${B}${A}+`
  | `${B}+${A}`
  | `+${A}${B}`
  | `+${B}${A}`

/** A mode of a binary file: it contains 'b'. */
export type BinaryMode = InAnyOrder<Access, 'b'>

/** A mode of a text file. */
export type TextMode = Access | `${Access}+` | `+${Access}` | InAnyOrder<Access, 't'>

export interface FileOptions {
  /**
   * The buffer size in bytes; 0: unbuffered (bytes only), 1: line buffering (text only), -1 (the default): a size that
   * suits the file.
   */
  readonly buffering?: number | undefined
  /** The encoding of text: UTF-8 by default. */
  readonly encoding?: string | null | undefined
  /**
   * How bytes that cannot be decoded, and characters that cannot be encoded, are handled: 'strict' (a RangeError),
   * 'ignore', 'replace', 'surrogateescape', 'backslashreplace'. The default is 'strict' if an encoding is given, and
   * otherwise 'surrogateescape', which is lossless.
   */
  readonly errors?: string | null | undefined
  /** The line ending. */
  readonly newline?: Newline | undefined
  /** false: `close` leaves the descriptor open. */
  readonly closefd?: boolean | undefined
}

/** The parameters after the mode. */
export type FileArguments =
  | [options?: FileOptions]
  | [buffering: number | undefined, options?: FileOptions]
  | [
      buffering: number | undefined,
      encoding: string | null | undefined,
      errors?: string | null,
      newline?: Newline,
      closefd?: boolean,
    ]

/** The smallest and the largest default buffer size. */
const SMALL_BUFFER = 8192
const LARGE_BUFFER = 1 << 20

const openEvent = new AuditEvent('open')

const PARAMETERS = ['mode', 'buffering', 'encoding', 'errors', 'newline', 'closefd'] as const

/**
 * Creates a file object on an open descriptor, and takes ownership of the descriptor.
 *
 * @param fd the descriptor
 * @param mode 'r' to read (the default), 'w', 'x' or 'a' to write, 'a' at the end; '+' for both; 'b' for bytes, 't' or
 *   nothing for text. The file is already open: it is neither created nor truncated
 * @param buffering the buffer size in bytes; 0 for an unbuffered file (bytes only), 1 for line buffering (text only),
 *   -1, the default, for a size that suits the file, with line buffering for a terminal
 * @param encoding the encoding of text: 'utf-8', 'ascii', 'latin-1', 'utf-16-le', 'utf-16-be', or any other that
 *   `TextDecoder` supports; multi-byte encodings for reading only
 * @param errors how bytes that cannot be decoded, and characters that cannot be encoded, are handled: 'strict' (a
 *   RangeError), 'ignore', 'replace', 'surrogateescape' or 'backslashreplace'
 * @param newline the line ending: null, the default, accepts '\n', '\r' and '\r\n', and reads each as '\n'; '' accepts
 *   the same, and does not translate them; '\n', '\r' or '\r\n' accepts only this one, and writes it for '\n'
 * @param closefd false: `close` leaves the descriptor open
 * @param options all of these by name
 * @returns the file: a BinaryFile for a mode with 'b', else a TextFile. Close it with `close()` or `using`; one that is
 *   garbage-collected while open is closed with a ResourceWarning
 * @throws RangeError for a negative descriptor, a mode, an encoding or a combination that does not exist
 * @throws OSError EBADF if the descriptor is not open, IsADirectoryError. The descriptor then stays open
 *
 * Availability: Linux. Audit event: `open` (fd, mode, flags). See Python, os.fdopen, open.
 * @example
 * ```ts
 * using file = os.fdopen(os.open('notes', os.O_RDWR | os.O_CREAT), 'w+')
 * file.write('one\ntwo\n')
 * file.seek(0)
 * const lines = [...file]
 * lines // => ['one\n', 'two\n']
 * ```
 */
export function fdopen(fd: Descriptor, mode: BinaryMode, ...rest: FileArguments): BinaryFile
export function fdopen(fd: Descriptor, mode?: TextMode, ...rest: FileArguments): TextFile
export function fdopen(fd: Descriptor, options: FileOptions & { readonly mode: BinaryMode }): BinaryFile
export function fdopen(fd: Descriptor, options: FileOptions & { readonly mode?: TextMode | undefined }): TextFile
export function fdopen(fd: Descriptor, mode: BinaryMode | TextMode, ...rest: FileArguments): BinaryFile | TextFile
export function fdopen(fd: Descriptor, ...rest: unknown[]): BinaryFile | TextFile {
  const given = optional(PARAMETERS, [], rest)
  const number = nonNegativeFd(fd, 'fd')
  const { buffering = -1, closefd } = given
  const mode = fileMode(given.mode === undefined ? 'r' : given.mode)
  const text = mode.binary ? rejectTextOptions(given) : textOptions(given)
  const size = int(buffering, 'buffering', -1)
  if (size === 0 && text !== null) throw badValue('buffering', 'must not be 0 for a text file', 0)
  const closes = bool(closefd, 'closefd', true)
  if (openEvent.wanted) openEvent.raise(number, mode.access, mode.flags)
  const bufferSize = prepare(number, mode, size)
  const lineBuffering = size === 1 || (size === -1 && isatty(number))
  // Nothing may throw after this point: a file object that was created, and then not returned, would close the
  // descriptor when it is garbage-collected.
  const { raw, reads, writes } = mode
  const file = new BinaryFile(number, { mode: raw, reads, writes, bufferSize, closefd: closes })
  if (text !== null) return new TextFile(file, { mode: mode.given, lineBuffering, ...text })
  if (size === 1) process.emitWarning('a binary file has no line buffering', 'RuntimeWarning')
  return file
}

/** Checks the open file, seeks to its end for an appending mode, and returns the buffer size. */
function prepare(fd: number, mode: Mode, buffering: number): number {
  const { st_mode, st_blksize } = fstat(fd)
  const type = st_mode & S_IFMT
  if (type === S_IFDIR) throw osError(errnoNumbers.EISDIR, 'fdopen', fd)
  if (mode.appends && (type === S_IFREG || type === S_IFBLK)) lseek(fd, 0, SEEK_END)
  if (buffering === 0 || buffering > 1) return buffering
  return Math.min(Math.max(st_blksize, SMALL_BUFFER), LARGE_BUFFER)
}

interface Mode {
  readonly given: string
  /** The mode without 'b' and 't'. */
  readonly access: string
  /** The mode as Python's raw files report it. */
  readonly raw: string
  /** The flags of `open` for the mode. */
  readonly flags: number
  readonly binary: boolean
  readonly reads: boolean
  readonly writes: boolean
  readonly appends: boolean
}

const CREATION: Readonly<Record<string, number>> = {
  r: 0,
  w: O_CREAT | O_TRUNC,
  x: O_CREAT | O_EXCL,
  a: O_CREAT | O_APPEND,
}

function fileMode(given: unknown): Mode {
  if (typeof given !== 'string') throw wrongType('mode', 'a string', given)
  const letters = new Set(given)
  const kinds = [...letters].filter((letter) => letter in CREATION)
  const known = [...letters].every((letter) => 'rwxabt+'.includes(letter))
  if (!known || letters.size !== given.length || kinds.length !== 1 || (letters.has('b') && letters.has('t'))) {
    throw badValue('mode', "must be one of r, w, x and a, perhaps with '+', and with 'b' or 't'", given)
  }
  const [kind = 'r'] = kinds
  const both = letters.has('+')
  const rights = both ? O_RDWR : kind === 'r' ? O_RDONLY : O_WRONLY
  return {
    given,
    access: both ? `${kind}+` : kind,
    raw: both ? `${kind === 'w' ? 'r' : kind}b+` : `${kind}b`,
    flags: rights | (CREATION[kind] ?? 0) | O_CLOEXEC,
    binary: letters.has('b'),
    reads: both || kind === 'r',
    writes: both || kind !== 'r',
    appends: kind === 'a',
  }
}

type TextOptions = Pick<TextFileOptions, 'encoding' | 'errors' | 'codec' | 'newline'>

type Given = Partial<Record<'encoding' | 'errors' | 'newline', unknown>>

function rejectTextOptions(given: Given): null {
  for (const name of ['encoding', 'errors', 'newline'] as const) {
    if ((given[name] ?? null) !== null) throw badValue(name, 'is for text files only', given[name])
  }
  return null
}

function textOptions(given: Given): TextOptions {
  const asked = textOption(given.encoding, 'encoding')
  const encoding = asked ?? 'utf-8'
  const errors = textOption(given.errors, 'errors') ?? (asked === null ? 'surrogateescape' : 'strict')
  const newline = textOption(given.newline, 'newline')
  if (!isNewline(newline)) throw badValue('newline', "must be null, '', '\\n', '\\r' or '\\r\\n'", newline)
  return { encoding, errors, codec: findCodec(encoding, errors), newline }
}

function textOption(value: unknown, name: string): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value
  throw wrongType(name, 'a string or null', value)
}

function isNewline(value: string | null): value is Newline {
  return value === null || ['', '\n', '\r', '\r\n'].includes(value)
}
