import { isMainThread } from 'node:worker_threads'
import { target } from './facts.ts'
import koffi, { type LibraryHandle } from './koffi.ts'
import { type Bind, makeStandardStreamsInheritable, noteStandardStreams, STANDARD_STREAMS } from './standard_streams.ts'

/** Where a symbol is looked for, in this order; opened on first use, because opening costs and import must not. */
const opened: LibraryHandle[] = []

/** A C function, bound. */
export type CFunction = (...args: unknown[]) => unknown

/** A function made on a thread of libuv's pool: the last argument is called back with an error or the result. */
export type Asynchronous = (...args: unknown[]) => void

/** A C function as koffi gives it. */
export type FoundFunction = CFunction & { readonly async: Asynchronous }

function libraries(): LibraryHandle[] {
  if (opened.length > 0) return opened
  // The running program itself: its C library is already mapped, and a preloaded replacement is honoured as C would.
  const own = koffi.load(null)
  opened.push(own)
  // Before glibc 2.34 login_tty(3) and its kind lived in a library of their own, which node does not link.
  try {
    opened.push(koffi.load('libutil.so.1'))
  } catch {
    // Not there (musl, or a newer glibc without the stub): everything is in the C library then.
  }
  const bind: Bind = (prototype) => own.func(prototype)
  noteStandardStreams(bind)
  makeStandardStreamsInheritable(bind, isMainThread)
  // Once for the process: nothing takes it back when a worker ends.
  if (isMainThread) fillStandardStreamsAtExit(own)
  return opened
}

/**
 * koffi synchronises standard output and standard error when the process exits. Where that fails on a closed standard
 * error (EBADF), koffi wants to report it there, and waits for ever for a mutex that it holds itself. So the C library
 * is told to fill the numbers 0 to 2 first: it calls what was registered last before what was registered earlier, and
 * koffi's function was registered when koffi was loaded. Each call of epoll_create(3) takes the lowest free number, needs
 * neither a path nor memory of JavaScript, which is gone by then, and what it makes can be synchronised (EINVAL, which
 * koffi ignores).
 */
function fillStandardStreamsAtExit(library: LibraryHandle): void {
  const register = library.func('int __cxa_atexit(uintptr_t, uintptr_t, uintptr_t)')
  const fill = Number(koffi.address(library.symbol('epoll_create')))
  for (const _ of STANDARD_STREAMS) register(fill, 1, 0)
}

/** The C function of this prototype, or `undefined` where the platform's libraries do not have it. */
export function find(prototype: string): FoundFunction | undefined {
  if (target === null) return undefined
  for (const library of libraries()) {
    try {
      return library.func(prototype)
    } catch (error) {
      // koffi says "Cannot find function" for a missing symbol; anything else is a mistake in the prototype.
      if (!/find function/i.test(String(error))) throw error
    }
  }
  return undefined
}

/** The address of a symbol that the running program has, or `undefined`. */
export function findSymbol(name: string): number | undefined {
  for (const library of libraries()) {
    try {
      return Number(koffi.address(library.symbol(name)))
    } catch {
      // Not here.
    }
  }
  return undefined
}
