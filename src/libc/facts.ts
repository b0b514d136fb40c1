/**
 * The facts of this platform: numbers that C programs get from headers. Selects one of the generated targets and merges
 * it with the facts that all targets share. On a platform without facts `target` is null, and all tables except
 * `structs` are empty.
 */

import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import * as linux from './targets/linux.ts'
import * as arm64Glibc from './targets/linux-arm64-glibc.ts'
import * as arm64Musl from './targets/linux-arm64-musl.ts'
import * as x64Glibc from './targets/linux-x64-glibc.ts'
import * as x64Musl from './targets/linux-x64-musl.ts'

interface Targets {
  readonly 'linux-x64-glibc': typeof x64Glibc
  readonly 'linux-arm64-glibc': typeof arm64Glibc
  readonly 'linux-x64-musl': typeof x64Musl
  readonly 'linux-arm64-musl': typeof arm64Musl
}

const targets: Targets = {
  'linux-x64-glibc': x64Glibc,
  'linux-arm64-glibc': arm64Glibc,
  'linux-x64-musl': x64Musl,
  'linux-arm64-musl': arm64Musl,
}

export type TargetName = keyof Targets

/** The module of a target. */
type TargetFacts = Targets[TargetName]
type TableName = keyof typeof linux & keyof TargetFacts

/** All keys of all members of a union, where `keyof` gives only the common ones. */
type AnyKey<Union> = Union extends unknown ? keyof Union : never

/** A fact that all targets have is a number; one that only some have may be undefined. */
type Numbers<Common, Some> = { readonly [Name in keyof Common | keyof Some]: number } & {
  readonly [Name in Exclude<AnyKey<Some>, keyof Some>]: number | undefined
}

type NumberTable<Name extends TableName> = Numbers<(typeof linux)[Name], TargetFacts[Name]>

/** In bytes: the size of the structure, the offset of each field, and its width. */
interface Layout<Struct extends { readonly offsets: object; readonly sizes: object }> {
  readonly size: number
  readonly offsets: Numbers<unknown, Struct['offsets']>
  readonly sizes: Numbers<unknown, Struct['sizes']>
}

type CommonStructs = typeof linux.structs
type OwnStructs = TargetFacts['structs']

type Structs = { readonly [Name in keyof CommonStructs]: Layout<CommonStructs[Name]> } & {
  readonly [Name in keyof OwnStructs]: Layout<OwnStructs[Name]>
}

/** The target whose facts these are; null where there are none. */
export const target: TargetName | null = findTarget()

const own: TargetFacts | null = target === null ? null : targets[target]

/** C constants of all headers but errno's and the signal numbers: O_RDONLY, AT_FDCWD, CLOCK_MONOTONIC ... */
export const constants: NumberTable<'constants'> = join(linux.constants, own?.constants)

/** ENOENT, EAGAIN ... to their positive numbers. */
export const errnoNumbers: NumberTable<'errnoNumbers'> = join(linux.errnoNumbers, own?.errnoNumbers)

/** SIGINT, SIGKILL ... to their numbers; SIGRTMIN and SIGRTMAX are available at run time only. */
export const signalNumbers: NumberTable<'signalNumbers'> = join(linux.signalNumbers, own?.signalNumbers)

/** SC_PAGESIZE ... to the argument of sysconf(3). */
export const sysconfNames: NumberTable<'sysconfNames'> = join(linux.sysconfNames, own?.sysconfNames)

/** PC_NAME_MAX ... to the argument of pathconf(3). */
export const pathconfNames: NumberTable<'pathconfNames'> = join(linux.pathconfNames, own?.pathconfNames)

/** CS_PATH ... to the argument of confstr(3). */
export const confstrNames: NumberTable<'confstrNames'> = join(linux.confstrNames, own?.confstrNames)

/** Numbers for syscall(2), by the kernel's names. */
export const syscalls: NumberTable<'syscalls'> = join(linux.syscalls, own?.syscalls)

/** Sizes in bytes of plain C types: pid_t, sigset_t ... */
export const sizes: NumberTable<'sizes'> = join(linux.sizes, own?.sizes)

/**
 * Sizes and offsets in bytes: `structs.stat.size`, `structs.stat.offsets.st_mode`, `structs.stat.sizes.st_mode`.
 * Modules read them when they are loaded, so they exist also on a platform without facts, where no C function that
 * would use them is found.
 */
export const structs: Structs = freezeEach(join(linux.structs, (own ?? x64Glibc).structs))

/**
 * `Object.assign` instead of a spread, which is slower for these tables (docs/performance.md, "Measured decisions").
 */
function join<Table>(common: object, rest: object | undefined): Table {
  return Object.freeze(rest === undefined ? {} : Object.assign({}, common, rest)) as Table
}

function freezeEach<Table extends object>(layouts: Table): Table {
  for (const layout of Object.values(layouts)) {
    Object.freeze(layout.offsets)
    Object.freeze(layout.sizes)
    Object.freeze(layout)
  }
  return layouts
}

function findTarget(): TargetName | null {
  if (process.platform !== 'linux') return null
  if (process.arch !== 'x64' && process.arch !== 'arm64') return null
  return `linux-${process.arch}-${findLibc()}`
}

/**
 * Determines the C library. An executable names its dynamic loader on its first page, and each C library has its own;
 * reading that page is faster than the process report (docs/performance.md, "Measured decisions"). For a program that
 * was started through its loader (`ld-musl-x86_64.so.1 node`), the executable is the loader, which names none: then the
 * mappings of this process decide.
 */
function findLibc(): 'glibc' | 'musl' {
  const firstPage = readStart(process.execPath, 4096)
  if (firstPage.includes('/ld-linux-')) return 'glibc'
  if (firstPage.includes('/ld-musl-')) return 'musl'
  return readMaps().includes('/ld-musl-') ? 'musl' : 'glibc'
}

function readStart(path: string, size: number): string {
  const bytes = Buffer.alloc(size)
  try {
    const fd = openSync(path, 'r')
    try {
      return bytes.toString('latin1', 0, readSync(fd, bytes))
    } finally {
      closeSync(fd)
    }
  } catch {
    return ''
  }
}

/** Returns an empty string where /proc is not mounted. */
function readMaps(): string {
  try {
    return readFileSync('/proc/self/maps', 'latin1')
  } catch {
    return ''
  }
}
