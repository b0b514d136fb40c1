import koffi from 'koffi'

// C's functions as koffi calls them, with nothing around them: no function of osier that makes the call can be quicker.

const library = koffi.load(null)

type Bare<A extends readonly unknown[]> = (...args: A) => number

export const access: Bare<[path: string, mode: number]> = library.func('int access(const char *, int)')
export const close: Bare<[fd: number]> = library.func('int close(int)')
export const open: Bare<[path: string, flags: number]> = library.func('int open(const char *, int)')
export const pread: Bare<[fd: number, out: Uint8Array, size: number, offset: number]> = library.func(
  'long pread(int, void *, size_t, int64_t)',
)
export const read: Bare<[fd: number, out: Uint8Array, size: number]> = library.func('long read(int, void *, size_t)')
export const readlink: Bare<[path: string, out: Uint8Array, size: number]> = library.func(
  'long readlink(const char *, void *, size_t)',
)
export const write: Bare<[fd: number, data: Uint8Array, size: number]> = library.func(
  'long write(int, const void *, size_t)',
)
