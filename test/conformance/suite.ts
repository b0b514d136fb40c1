import assert from 'node:assert/strict'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import os from 'osier'
import { foreignThread } from '../support/emulation.ts'
import { isOpen } from '../support/open_files.ts'

/** How behaviours are written down: data, which the tests run and the page counts. */

export interface Behaviour {
  /** What CPython's test checks, in words of our own. */
  readonly sentence: string
  /** Shows it; or, where it does not hold here, what holds instead. */
  readonly check?: Check | undefined
  /** Why it does not hold here, on purpose; absent where it holds. */
  readonly reason?: string
  /** Why it cannot be shown on this machine. */
  readonly skip: string | false
}

export type Check = (here: Here) => unknown

/** A class of CPython's tests: behaviours by the name of the test that they come from. */
export interface PythonClass {
  readonly module: string
  readonly name: string
  readonly tests: Readonly<Record<string, readonly Behaviour[]>>
}

/** Tests of CPython that do not apply to osier, and why. */
export interface Omission {
  readonly module: string
  readonly name: string
  /** Only these tests of the class; all where it is empty. */
  readonly tests: readonly string[]
  readonly reason: string
}

/** It holds here. */
export function holds(sentence: string, check: Check, skip: string | false = false): Behaviour {
  return { sentence, check, skip }
}

/** It does not hold here, on purpose. Where something else holds instead, `instead` shows it. */
export function differs(sentence: string, reason: string, instead?: Check, skip: string | false = false): Behaviour {
  return { sentence, reason, check: instead, skip }
}

export function conformance(module: string, name: string, tests: PythonClass['tests']): PythonClass {
  return { module, name, tests }
}

export function omission(module: string, name: string, reason: string, tests: readonly string[] = []): Omission {
  return { module, name, reason, tests }
}

/** Where a behaviour is shown: a new empty folder, and what is to be put right afterwards. */
export class Here {
  /** Without symbolic links in its path. */
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), 'osier-')))
  readonly #undo: (() => void)[] = [() => rmSync(this.folder, { recursive: true, force: true })]

  path(name: string): string {
    return join(this.folder, name)
  }

  /** A new file's path. */
  file(name = 'file', content: string | Uint8Array = ''): string {
    const path = this.path(name)
    writeFileSync(path, content, { flag: 'wx' })
    return path
  }

  /** Something to be done at the end. */
  later(undo: () => void): void {
    this.#undo.push(undo)
  }

  /** A descriptor that is closed at the end. */
  open(path: string, flags: number = os.O_RDWR): number {
    return this.closed(os.open(path, flags))
  }

  closed(fd: number): number {
    this.later(() => {
      if (isOpen(fd)) os.close(fd)
    })
    return fd
  }

  pipe(): readonly [r: number, w: number] {
    const [r, w] = os.pipe()
    return [this.closed(r), this.closed(w)]
  }

  /** Works in the folder, or another, until the end. */
  enter(folder: string | Buffer = this.folder): void {
    const before = os.getcwd()
    os.chdir(folder)
    this.later(() => os.chdir(before))
  }

  /** Another umask until the end. */
  umask(mask: number): void {
    const before = os.umask(mask)
    this.later(() => os.umask(before))
  }

  /** Sets a variable of the environment, or removes it, until the end. */
  variable(name: string, value: string | null): void {
    const before = os.environ.get(name)
    if (value === null) os.environ.delete(name)
    else os.environ.set(name, value)
    this.later(() => {
      if (before === undefined) os.environ.delete(name)
      else os.environ.set(name, before)
    })
  }

  end(): void {
    for (const undo of this.#undo.reverse()) undo()
  }
}

/** A path-like object, as `FakePath` is in CPython's tests. */
export class FakePath {
  readonly #path: unknown

  constructor(path: unknown) {
    this.#path = path
  }

  __fspath__(): string {
    if (this.#path instanceof Error) throw this.#path
    return this.#path as string
  }
}

/** The number of a descriptor that is not open. */
export function badDescriptor(here: Here): number {
  const fd = here.open('/dev/null')
  os.close(fd)
  return fd
}

export const isRoot: boolean = os.geteuid() === 0
export const needsRoot: string | false = isRoot ? false : 'root only'

/** Calls a function with arguments that TypeScript would refuse. */
export function call(of: unknown, ...args: unknown[]): unknown {
  return (of as (...args: unknown[]) => unknown)(...args)
}

/** The wrong types that CPython refuses with a TypeError are refused with one here. */
export function typeError(...calls: (() => unknown)[]): void {
  for (const call of calls) assert.throws(call, TypeError)
}

/** What is a ValueError or an OverflowError in Python is a RangeError. */
export function rangeError(...calls: (() => unknown)[]): void {
  for (const call of calls) assert.throws(call, RangeError)
}

/** The calls fail with this error of the system. */
export function fails(code: string, ...calls: (() => unknown)[]): void {
  for (const call of calls) {
    assert.throws(call, (error: unknown) => {
      if (!(error instanceof os.OSError)) throw error
      assert.equal(error.code, code)
      return true
    })
  }
}

/** `fork` needs V8, and libuv as Node has it. */
export const noFork: string | false =
  'bun' in process.versions || 'deno' in process.versions ? 'there is no fork in this runtime' : foreignThread
