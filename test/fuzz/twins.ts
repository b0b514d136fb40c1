/** Two directories that must stay equal: osier makes the calls in one, CPython in the other. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import os from 'osier'
import { ST_MTIME } from 'osier/stat'
import { inRepository } from '../../tools/repository.ts'
import type { Step } from './steps.ts'

/** The outcome of a call. */
export type Outcome =
  | { readonly result: unknown }
  | { readonly errno: number; names: readonly unknown[] }
  | { readonly error: 'TypeError' | 'RangeError' }

interface Answer {
  readonly outcome: Outcome
  /** The first place where the trees differ. */
  readonly difference: string | null
}

const PROGRAM = inRepository('test/fuzz/twin.py')

/** As in twin.py, which makes them. */
const WORK = '/1/2/3/4/5/6/7/a'
const CLOSED = 9999
const FAR = 1_000_000n * 1_000_000_000n

/** Calls whose error has a file name in osier, but not in CPython. */
const namedHereOnly = new Set(['mkfifo', 'mknod', 'utime'])

/** The interpreter, or undefined: the one in PATH may be executable for its owner only. */
export function findPython(): string | undefined {
  return ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['--version']).status === 0)
}

export class Twins {
  readonly #ours: string
  readonly #slots = new Map<number, number>()
  readonly #python: ChildProcess
  readonly #to: number
  readonly #from: number
  readonly #buffer: Buffer = Buffer.alloc(1 << 20)

  /** @param folder an empty folder */
  constructor(python: string, folder: string) {
    this.#ours = join(folder, 'ours')
    const theirs = join(folder, 'them')
    for (const path of [this.#ours, theirs]) mkdirSync(path)
    // Blocking pipes: a step is made on one side after the other.
    const [[input, to], [from, output]] = [os.pipe(), os.pipe()]
    this.#python = spawn(python, ['-I', '-X', 'utf8', PROGRAM, this.#ours, theirs], {
      stdio: [input, output, 'inherit'],
    })
    for (const fd of [input, output]) closeSync(fd)
    ;[this.#to, this.#from] = [to, from]
  }

  /** Resets both directories. */
  reset(): void {
    for (const slot of [...this.#slots.keys()]) this.#close(slot)
    os.umask(0o022)
    os.chdir('/')
    this.#ask({ call: 'reset' })
    os.chdir(this.#ours + WORK)
    this.#slots.set(0, os.open('a', os.O_RDONLY | os.O_DIRECTORY))
    this.#slots.set(1, os.open('b', os.O_RDWR))
  }

  /** Makes a call on both sides: its outcome, and the difference between the sides, or null. */
  makeCall(step: Step): { readonly outcome: Outcome; readonly complaint: string | null } {
    const outcome = this.#attempt(() => this.#callOsier(step))
    const { outcome: theirs, difference } = this.#ask(step)
    if ('names' in outcome && 'names' in theirs && namedHereOnly.has(step.call)) outcome.names = theirs.names
    if (!isDeepStrictEqual(outcome, theirs)) {
      return { outcome, complaint: `osier: ${JSON.stringify(outcome)}\nCPython: ${JSON.stringify(theirs)}` }
    }
    return { outcome, complaint: difference }
  }

  close(): void {
    for (const slot of [...this.#slots.keys()]) this.#close(slot)
    os.chdir('/')
    for (const fd of [this.#to, this.#from]) closeSync(fd)
    this.#python.unref()
  }

  #ask(step: Step | { call: 'reset' }): Answer {
    writeSync(this.#to, `${JSON.stringify(step)}\n`)
    let length = 0
    while (length === 0 || this.#buffer[length - 1] !== 0x0a) {
      const size = readSync(this.#from, this.#buffer, length, this.#buffer.length - length, null)
      if (size === 0) throw new Error(`python3 has ended, at ${JSON.stringify(step)}`)
      length += size
    }
    return JSON.parse(this.#buffer.toString('latin1', 0, length)) as Answer
  }

  #callOsier({ call, args, options, slot }: Step): unknown {
    if (call === 'close') return this.#close(Number(args[0]))
    const given = args.map((value) => this.#argument(value))
    const named = Object.entries(options).map(([key, value]) => [key, this.#argument(value)])
    const own: unknown = Reflect.get(this.#special, call)
    const result: unknown = Reflect.apply(
      (own ?? Reflect.get(os, call)) as (...all: unknown[]) => unknown,
      undefined,
      named.length > 0 ? [...given, Object.fromEntries(named)] : given,
    )
    if (slot === undefined) return result
    if (this.#slots.has(slot)) this.#close(slot)
    this.#slots.set(slot, Number(result))
    return null
  }

  #close(slot: number): void {
    const fd = this.#slots.get(slot) ?? CLOSED
    this.#slots.delete(slot)
    os.close(fd)
  }

  #argument(value: unknown): unknown {
    if (typeof value === 'string') return value.startsWith('@') ? this.#ours + WORK + value.slice(1) : value
    if (typeof value !== 'object' || value === null) return value
    const [[kind, content] = []] = Object.entries(value)
    if (kind === 'fd') return this.#slots.get(Number(content)) ?? CLOSED
    if (kind === 'bytes') return Buffer.from(String(content), 'hex')
    return (content as unknown[]).map((item) => (typeof item === 'string' ? BigInt(item) : item))
  }

  #attempt(call: () => unknown): Outcome {
    try {
      return { result: this.#shape(call()) }
    } catch (error) {
      if (error instanceof os.OSError) {
        return { errno: error.errno, names: [this.#nameOf(error.filename), this.#nameOf(error.filename2)] }
      }
      if (error instanceof TypeError) return { error: 'TypeError' }
      if (error instanceof RangeError) return { error: 'RangeError' }
      throw error
    }
  }

  /** Descriptors have other numbers there. */
  #nameOf(filename: unknown): unknown {
    return typeof filename === 'number' ? null : this.#shape(filename)
  }

  #shape(value: unknown): unknown {
    if (value instanceof Uint8Array) {
      return { bytes: os.fsencode(os.fsdecode(value).replaceAll(this.#ours, '@')).toString('hex') }
    }
    if (typeof value === 'string') return value.replaceAll(this.#ours, '@')
    if (value instanceof os.stat_result) return status(value)
    if (value instanceof os.statvfs_result) return [value.f_bsize, value.f_frsize, value.f_namemax]
    if (Array.isArray(value)) return value.map((item) => this.#shape(item))
    return value ?? null
  }

  /** The same as in twin.py. */
  readonly #special = {
    scandir: (path: string) => inOrder(Array.from(os.scandir(path), (entry) => this.#entryFacts(entry))),
    walk: (top: string, topdown: boolean) =>
      inOrder(Array.from(os.walk(top, topdown), (parts) => parts.map((part) => inOrderIfList(this.#shape(part))))),
    fwalk: (top: string, dir_fd: number | null) =>
      inOrder(
        Array.from(os.fwalk(top, { dir_fd }), ([root, dirs, files, fd]) => [
          ...[root, dirs, files].map((part) => inOrderIfList(this.#shape(part))),
          status(os.fstat(fd)),
        ]),
      ),
    chain: (length: number) => {
      for (let i = 0; i < length; i++) os.symlink(i === 0 ? 'b' : `l${i - 1}`, `l${i}`)
    },
    listdir: (path: string) => inOrder(os.listdir(path).map((name) => this.#shape(name))),
    listxattr: (path: string, options = {}) => inOrder(os.listxattr(path, options)),
  }

  #entryFacts(entry: os.DirEntry): unknown[] {
    return [
      this.#shape(entry.name),
      this.#shape(entry.path),
      this.#attempt(() => entry.is_symlink()),
      this.#attempt(() => entry.is_dir()),
      this.#attempt(() => entry.is_file()),
      this.#attempt(() => entry.is_dir({ follow_symlinks: false })),
      this.#attempt(() => entry.stat()),
      this.#attempt(() => entry.stat({ follow_symlinks: false })),
    ]
  }
}

function far(nanoseconds: bigint): string {
  const distance = nanoseconds - BigInt(Date.now()) * 1_000_000n
  return distance > FAR || -distance > FAR ? String(nanoseconds) : 'recent'
}

function status(found: os.stat_result): unknown[] {
  const isDirectory = (found.st_mode & 0o170000) === 0o040000
  const own = isDirectory ? [] : [found.st_size, far(found.st_atime_ns)]
  const mtime = far(found.st_mtime_ns)
  const seconds = mtime === 'recent' ? [] : [found[ST_MTIME], found.st_mtime]
  const ids = [found.st_uid, found.st_gid, found.st_rdev]
  return [found.st_mode, found.st_nlink, ...ids, mtime, ...seconds, ...own]
}

/** In the order of their JSON, which Python writes in ASCII. */
function inOrder<T>(items: T[]): T[] {
  const keyed = items.map((item) => ({ item, key: JSON.stringify(item).replace(/[^\x00-\x7f]/g, escaped) }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ item }) => item)
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function inOrderIfList(value: unknown): unknown {
  return Array.isArray(value) ? inOrder(value) : value
}
