/** What the types of the package promise. tsc checks it when the tests are built; nothing of it runs. */

import os, { type DirEntry, OSError, type stat_result } from 'osier'
import * as errno from 'osier/errno'
import micropython, { vfs } from 'osier/micropython'
import * as path from 'osier/path'
import * as promises from 'osier/promises'
import * as signal from 'osier/signal'
import sjs from 'osier/sjs'
import * as stat from 'osier/stat'
import * as time from 'osier/time'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Complains unless the expression is of exactly the type that is given. */
type Is = <Wanted>() => <Actual>(actual: Actual, ..._: Same<Actual, Wanted> extends true ? [] : [never]) => void

declare const bytes: Buffer
declare const anything: string | Uint8Array | URL | os.PathLike
declare const is: Is
declare const abort: AbortSignal

export function results(): void {
  // Bytes in, bytes out.
  is<string[]>()(os.listdir('.'))
  is<string[]>()(os.listdir())
  is<Buffer[]>()(os.listdir(bytes))
  is<string[] | Buffer[]>()(os.listdir(anything))
  is<string>()(os.readlink('link'))
  is<Buffer>()(os.readlink(bytes))
  is<string>()(os.fsdecode(bytes))
  is<Buffer>()(os.fsencode('name'))
  for (const entry of os.scandir('.')) is<DirEntry<string>>()(entry)
  for (const entry of os.scandir(bytes)) is<Buffer>()(entry.name)
  for (const [folder, , files] of os.walk('.')) {
    is<string>()(folder)
    is<string[]>()(files)
  }
  for (const [folder] of os.walk(bytes)) is<Buffer>()(folder)
  // By position or by name is all one.
  for (const [folder] of os.walk('.', true, null, true)) is<string>()(folder)
  for (const [folder] of os.walk(bytes, false, (error) => is<OSError>()(error))) is<Buffer>()(folder)
  for (const [folder] of os.fwalk('.', false, null, { dir_fd: 3 })) is<string>()(folder)
  for (const [folder] of os.fwalk({ top: bytes })) is<Buffer>()(folder)
  for (const [folder] of os.fwalk({ topdown: false })) is<string>()(folder)
  is<Buffer[]>()(os.listdir({ path: bytes }))
  is<string[]>()(os.listdir({ path: '.' }))
  is<string[]>()(os.listdir(null))
  for (const entry of os.scandir({ path: bytes })) is<Buffer>()(entry.name)

  // Integers are numbers, but for those that pass 2^53.
  is<stat_result>()(os.stat('.'))
  is<number | bigint>()(os.stat('.').st_size)
  is<number | bigint>()(os.statvfs('.').f_bavail)
  is<number>()(os.statvfs('.').f_bsize)
  is<number | bigint>()(os.stat('.').st_rdev)
  is<number>()(os.stat('.').st_blksize)
  is<number | bigint>()(os.stat('.').st_blocks)
  is<bigint>()(os.stat('.').st_mtime_ns)
  is<bigint>()(os.stat('.').st_ino)
  is<boolean>()(os.access('.', os.R_OK))
  is<readonly [r: number, w: number]>()(os.pipe())
  is<Buffer>()(os.read(0, 10))
  is<number>()(os.write(1, bytes))
  is<string | undefined>()(os.environ.get('HOME'))

  is<boolean>()(stat.S_ISDIR(os.stat('.').st_mode))
  is<number>()(errno.ENOENT)
  is<number>()(signal.SIGTERM)
  is<string>()(time.ctime())
  is<string>()(path.join('a', 'b'))
  is<Buffer>()(path.join(bytes, bytes))
  is<typeof path>()(os.path)
  is<typeof promises>()(os.promises)
  is<Promise<stat_result>>()(promises.stat('.'))
  is<Promise<Buffer[]>>()(promises.listdir({ path: bytes }))
  is<AsyncGenerator<[string, string[], string[]], void>>()(promises.walk('.', true, null, false, { signal: abort }))
  is<AsyncGenerator<[Buffer, Buffer[], Buffer[], number], void>>()(promises.fwalk({ top: bytes }))
  is<string>()(sjs.cwd)
  is<string>()(micropython.getcwd())
  is<vfs.VfsFat>()(new vfs.VfsFat(new vfs.RamBlockDev(512, 100)))
}

/** Results are readonly tuples: each item has the type of its field. */
export function sequences(): void {
  const [mode, inode, , , , gid, size, atime] = os.stat('.')
  is<number>()(mode)
  is<bigint>()(inode)
  is<number>()(gid)
  is<number | bigint>()(size)
  is<number>()(atime)
  is<bigint>()(os.stat('.')[1])
  is<10>()(os.stat('.').length)
  const [columns, lines] = os.get_terminal_size()
  is<readonly [number, number]>()([columns, lines] as const)
  const names: readonly string[] = os.uname()
  is<string | undefined>()(names[0])
  is<number[]>()(os.times().map((seconds) => seconds * 1000))
  is<number | bigint>()(os.statvfs('.')[4])
  is<number>()(os.statvfs('.')[9])
  const [, , usage] = os.wait4(0, 0)
  is<number>()(usage[15])
  const [code] = [...(os.waitid(os.P_ALL, 0, os.WEXITED) ?? [])]
  is<number | undefined>()(code)
  // @ts-expect-error they are for reading
  os.stat('.')[0] = mode
}

export function errors(error: unknown): void {
  if (error instanceof os.FileNotFoundError) is<OSError>()(error satisfies OSError as OSError)
  if (error instanceof OSError) {
    is<number>()(error.errno)
    is<string>()(error.code)
  }
}

/** A DirEntry is a path of text, or of bytes: what is made of it is the same. */
export function entries(entry: DirEntry<string>, inBytes: DirEntry<Buffer>, either: os.PathLike): void {
  is<string>()(path.basename(entry))
  is<Buffer>()(path.basename(inBytes))
  is<string | Buffer>()(path.basename(either))
  is<string>()(os.fspath(entry))
  is<Buffer>()(os.fspath(inBytes))
  is<string | Uint8Array>()(os.fspath(either))
  is<string>()(path.join(entry, 'a'))
  is<string>()(path.realpath(entry))
  is<string>()(path.relpath(entry))
  is<[root: string, ext: string]>()(path.splitext(entry))
  is<string>()(path.commonpath([entry, 'a']))
  is<string>()(os.readlink(entry))
  is<Buffer>()(os.readlink(inBytes))
  is<string[]>()(os.listdir(entry))
  is<Buffer[]>()(os.listdir(inBytes))
  for (const below of os.scandir(inBytes)) is<Buffer>()(below.name)
  for (const [folder] of os.walk(entry)) is<string>()(folder)
  for (const [folder] of os.fwalk(inBytes)) is<Buffer>()(folder)
  is<Promise<string>>()(promises.readlink(entry))
  is<Promise<Buffer[]>>()(promises.listdir(inBytes))
  is<string[]>()(sjs.scandir(entry))
  is<string[]>()(micropython.listdir(entry))
}

/** The modes of files that there are. */
export function modes(mode: os.BinaryMode | os.TextMode, text: string): void {
  is<os.BinaryFile>()(os.fdopen(0, 'rb'))
  is<os.BinaryFile>()(os.fdopen(0, '+br'))
  is<os.TextFile>()(os.fdopen(0, 'w+'))
  is<os.TextFile>()(os.fdopen(0, 'tr'))
  is<os.BinaryFile | os.TextFile>()(os.fdopen(0, mode))
  // @ts-expect-error no such mode
  os.fdopen(0, 'q')
  // @ts-expect-error no such binary mode
  os.fdopen(0, 'qb')
  // @ts-expect-error two kinds
  os.fdopen(0, 'rw')
  // @ts-expect-error any text
  os.fdopen(0, text)
}

export function fileActions(): void {
  let inferred = [[os.POSIX_SPAWN_DUP2, 1, 2]]
  inferred = [...inferred, [os.POSIX_SPAWN_CLOSE, 5]]
  os.posix_spawn('/bin/true', ['true'], null, { file_actions: inferred })
  const typed: os.FileAction[] = [[os.POSIX_SPAWN_OPEN, 1, 'log', os.O_WRONLY, 0o600]]
  os.posix_spawn('/bin/true', ['true'], null, { file_actions: typed })
  os.posix_spawn('/bin/true', ['true'], null, {
    file_actions: [
      [os.POSIX_SPAWN_CLOSE, 0],
      [os.POSIX_SPAWN_OPEN, 1, 'log', os.O_WRONLY, 0o600],
    ],
  })
  // @ts-expect-error the path is lacking
  os.posix_spawn('/bin/true', ['true'], null, { file_actions: [[os.POSIX_SPAWN_OPEN, 1, 'log']] })
}

export function suppressed(either: () => number | Promise<string>): void {
  is<number | undefined>()(os.suppress(() => 1, os.OSError))
  is<Promise<string | undefined>>()(os.suppress(async () => 'text', os.FileNotFoundError, RangeError))
  is<string[]>()(os.suppress(() => os.listdir('.'), os.OSError) ?? [])
  is<number | undefined | Promise<string | undefined>>()(os.suppress(either, os.OSError))
  // @ts-expect-error no class
  os.suppress(() => 1)
  // @ts-expect-error an error is no class
  os.suppress(() => 1, new os.OSError('text'))
}

export function argumentsTaken(handle: { fd: number }, options: { dir_fd?: number }): void {
  // By position, or by name in one object at the end.
  os.makedirs('a', 0o755, true)
  os.makedirs('a', { exist_ok: true })
  os.walk('.', { topdown: false })
  os.stat('.', { follow_symlinks: false })
  // A descriptor is a number, or what has one.
  os.fstat(handle)
  os.fstat({ fileno: () => 0 })
  os.rmdir('a', options)
  os.stat(new URL('file:///'))
  os.stat({ __fspath__: () => 'a' })
  // What is left out may be said to be undefined.
  os.mkdir('a', { mode: undefined, dir_fd: undefined })
  os.makedirs('a', { mode: undefined, exist_ok: undefined })
  os.open('a', os.O_RDONLY, { mode: undefined })
  os.dup2(0, 3, { inheritable: undefined })
  os.eventfd(0, { flags: undefined })
  os.listdir({ path: undefined })
  path.relpath('a', { start: undefined })
}

export function argumentsRefused(): void {
  // @ts-expect-error no such name
  os.no_such_name
  // @ts-expect-error a path is no symbol
  os.stat(Symbol())
  // @ts-expect-error no such option
  os.stat('.', { follow: false })
  // @ts-expect-error an option of another type
  os.makedirs('a', { exist_ok: 1 })
  // @ts-expect-error required
  os.open('a')
  // @ts-expect-error what is written is bytes
  os.write(1, 'text')
  // @ts-expect-error results are for reading
  os.stat('.').st_size = 0
  // @ts-expect-error so are constants
  os.O_RDONLY = 1
}
