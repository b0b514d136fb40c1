import { NotImplementedError } from '../errors.ts'
import { syscalls, target } from './facts.ts'
import { type CFunction, find } from './library.ts'

/** A path or other string as C takes it: text without NUL and lone surrogates, or bytes that end in NUL. */
export type CString = string | Uint8Array

/** A 64-bit integer: koffi takes both, and gives a bigint only for what passes 2^53. */
export type Int64 = number | bigint

/** Where memory of ours starts (memory.ts); 0 is NULL. */
export type Address = number

/**
 * Every C function that osier calls, one line each: its prototype for koffi and its type for us. `uintptr_t` stands for
 * a pointer to memory of ours, which is passed by address; `const char *` takes a CString, `void *` the caller's buffer.
 * koffi does not look twice: a number where C wants a pointer becomes one, and an integer that is too large is cut.
 * So nothing reaches these functions that `arguments.ts` has not checked.
 *
 * A name in the second place is a system call that stands in where the C library has no such function.
 */
// biome-ignore format: a table, one line a function
export const prototypes = {
  access: c('int access(const char *, int)') as (path: CString, mode: number) => number,
  chdir: c('int chdir(const char *)') as (path: CString) => number,
  chroot: c('int chroot(const char *)') as (path: CString) => number,
  close: c('int close(int)') as (fd: number) => number,
  faccessat: c('int faccessat(int, const char *, int, int)') as (at: number, path: CString, mode: number, flags: number) => number,
  fchdir: c('int fchdir(int)') as (fd: number) => number,
  fchmod: c('int fchmod(int, unsigned int)') as (fd: number, mode: number) => number,
  fchmodat: c('int fchmodat(int, const char *, unsigned int, int)') as (at: number, path: CString, mode: number, flags: number) => number,
  fchmodat2: c('int fchmodat2(int, const char *, unsigned int, int)', 'fchmodat2') as (at: number, path: CString, mode: number, flags: number) => number,
  fchown: c('int fchown(int, unsigned int, unsigned int)') as (fd: number, uid: number, gid: number) => number,
  fchownat: c('int fchownat(int, const char *, unsigned int, unsigned int, int)') as (at: number, path: CString, uid: number, gid: number, flags: number) => number,
  fcntl: c('int fcntl(int, int, long)') as (fd: number, command: number, value: number) => number,
  fpathconf: c('long fpathconf(int, int)') as (fd: number, name: number) => Int64,
  fstatvfs: c('int fstatvfs(int, uintptr_t)') as (fd: number, out: Address) => number,
  ftruncate: c('int ftruncate(int, int64_t)') as (fd: number, length: Int64) => number,
  futimens: c('int futimens(int, uintptr_t)') as (fd: number, times: Address) => number,
  getcwd: c('uintptr_t getcwd(uintptr_t, size_t)') as (out: Address, size: number) => Address,
  getdents64: c('long getdents64(int, uintptr_t, size_t)', 'getdents64') as (fd: number, out: Address, size: number) => number,
  getpwnam: c('uintptr_t getpwnam(const char *)') as (name: CString) => Address,
  getpwuid: c('uintptr_t getpwuid(unsigned int)') as (uid: number) => Address,
  getuid: c('unsigned int getuid()') as () => number,
  linkat: c('int linkat(int, const char *, int, const char *, int)') as (from: number, src: CString, to: number, dst: CString, flags: number) => number,
  lseek: c('int64_t lseek(int, int64_t, int)') as (fd: number, offset: Int64, whence: number) => Int64,
  mkdirat: c('int mkdirat(int, const char *, unsigned int)') as (at: number, path: CString, mode: number) => number,
  mkfifoat: c('int mkfifoat(int, const char *, unsigned int)') as (at: number, path: CString, mode: number) => number,
  mknodat: c('int mknodat(int, const char *, unsigned int, uint64_t)') as (at: number, path: CString, mode: number, device: Int64) => number,
  openat: c('int openat(int, const char *, int, unsigned int)') as (at: number, path: CString, flags: number, mode: number) => number,
  pathconf: c('long pathconf(const char *, int)') as (path: CString, name: number) => Int64,
  read: c('long read(int, uintptr_t, size_t)') as (fd: number, out: Address, size: number) => number,
  readlinkat: c('long readlinkat(int, const char *, uintptr_t, size_t)') as (at: number, path: CString, out: Address, size: number) => number,
  renameat: c('int renameat(int, const char *, int, const char *)') as (from: number, src: CString, to: number, dst: CString) => number,
  statvfs: c('int statvfs(const char *, uintptr_t)') as (path: CString, out: Address) => number,
  statx: c('int statx(int, const char *, int, unsigned int, uintptr_t)', 'statx') as (at: number, path: CString, flags: number, mask: number, out: Address) => number,
  strerror: c('const char *strerror(int)') as (number: number) => string,
  symlinkat: c('int symlinkat(const char *, int, const char *)') as (target: CString, at: number, path: CString) => number,
  sync: c('void sync()') as () => void,
  truncate: c('int truncate(const char *, int64_t)') as (path: CString, length: Int64) => number,
  unlinkat: c('int unlinkat(int, const char *, int)') as (at: number, path: CString, flags: number) => number,
  utimensat: c('int utimensat(int, const char *, uintptr_t, int)') as (at: number, path: CString, times: Address, flags: number) => number,
  write: c('long write(int, const void *, size_t)') as (fd: number, data: Uint8Array, size: number) => number,
}

type Prototypes = typeof prototypes
type Syscall = keyof typeof syscalls

/** What `c` really returns. The table gives it the function's type, so that one list is enough. */
interface Declaration {
  readonly prototype: string
  readonly syscall: Syscall | undefined
}

function c(prototype: string, syscall?: Syscall): unknown {
  return { prototype, syscall } satisfies Declaration
}

function bind(name: string, { prototype, syscall }: Declaration): CFunction {
  const found = find(prototype)
  if (found !== undefined) return found
  const number = syscall === undefined ? undefined : syscalls[syscall]
  const raw = number === undefined ? undefined : find(prototype.replace(/^.*?\(/, 'long syscall(long, '))
  if (number !== undefined && raw !== undefined) return (...args) => raw(number, ...args)
  return () => {
    throw new NotImplementedError(`${name} is not in the C library of this platform (${target ?? process.platform})`)
  }
}

/** Binding is put off to a function's first call: all of them at import would cost 4 ms. */
function bindOnFirstUse(table: Record<string, Declaration>): Record<string, CFunction> {
  const bound: Record<string, CFunction> = {}
  for (const [name, declaration] of Object.entries(table)) {
    bound[name] = (...args) => {
      const callable = bind(name, declaration)
      bound[name] = callable
      return callable(...args)
    }
  }
  return bound
}

/** The C library. `libc.close(fd)` returns what C returns; `call.ts` knows what a failure means. */
export const libc: Prototypes = bindOnFirstUse(prototypes as unknown as Record<string, Declaration>) as Prototypes

/** Whether this platform has the function, found out without calling it. */
export function has(name: keyof Prototypes): boolean {
  const { prototype, syscall } = prototypes[name] as unknown as Declaration
  return find(prototype) !== undefined || (target !== null && syscall !== undefined && syscalls[syscall] !== undefined)
}
