import { readFileSync } from 'node:fs'
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads'
import { constants, target } from './facts.ts'
import koffi, { type LibraryHandle } from './koffi.ts'
import { type Bind, makeStandardStreamsInheritable, noteStandardStreams, STANDARD_STREAMS } from './standard_streams.ts'

/**
 * The libraries in which symbols are searched for, in this order. They are opened on first use, to keep the import
 * fast.
 */
const opened: LibraryHandle[] = []

/** A bound C function. */
export type CFunction = (...args: unknown[]) => unknown

/** A function that runs on a thread of the libuv pool: the last argument is a callback for an error or the result. */
export type Asynchronous = (...args: unknown[]) => void

/** A C function as koffi returns it. */
export type FoundFunction = CFunction & { readonly async: Asynchronous }

function libraries(): LibraryHandle[] {
  if (opened.length > 0) return opened
  // The running program: its C library is already mapped, and preloaded replacements are used as C would use them.
  const own = koffi.load(null)
  opened.push(own)
  // Before glibc 2.34, login_tty(3), openpty(3) and forkpty(3) were in a separate library, which Node does not link.
  try {
    opened.push(koffi.load('libutil.so.1'))
  } catch {
    // The library is missing (musl, or a newer glibc without the stub): then all functions are in the C library.
  }
  const bind: Bind = (prototype) => own.func(prototype)
  noteStandardStreams(bind)
  if (getEnvironmentData(PROCESS_IS_PREPARED) === undefined) {
    setEnvironmentData(PROCESS_IS_PREPARED, true)
    makeStandardStreamsInheritable(bind)
    fillStandardStreamsAtExit(own)
    if (!isMainThread) keepKoffiLoaded(bind)
  }
  return opened
}

/** The key of the data with which threads record that the process has been prepared, which must happen once. */
const PROCESS_IS_PREPARED = 'osier: the process is prepared'

/**
 * Registers exit handlers that fill the free numbers among the descriptors 0 to 2. koffi syncs standard output and
 * standard error when the process exits. Where that fails on a closed standard error (EBADF), koffi reports the failure
 * on standard error, and deadlocks on a mutex that it already holds. The C library calls exit handlers in reverse order,
 * and koffi's was registered when koffi was loaded. epoll_create(3) takes the lowest free number, needs neither a path
 * nor memory of JavaScript, which is not available at exit, and syncing its descriptor fails with EINVAL, which koffi
 * ignores.
 */
function fillStandardStreamsAtExit(library: LibraryHandle): void {
  const register = library.func('int __cxa_atexit(uintptr_t, uintptr_t, uintptr_t)')
  const fill = Number(koffi.address(library.symbol('epoll_create')))
  for (const _ of STANDARD_STREAMS) register(fill, 1, 0)
}

/**
 * Keeps koffi loaded until the process exits. If only workers use koffi, the last one unloads it at its end, and koffi
 * syncs the streams then, before the handlers that `fillStandardStreamsAtExit` has registered run.
 */
function keepKoffiLoaded(bind: Bind): void {
  let path: string | undefined
  try {
    path = /\/.*\/koffi\.node$/m.exec(readFileSync('/proc/self/maps', 'latin1'))?.[0]
  } catch {
    // /proc is missing or not readable.
  }
  if (path === undefined) return
  const { RTLD_NOW, RTLD_NODELETE } = constants
  bind('uintptr_t dlopen(const char *, int)')(Buffer.from(`${path}\0`, 'latin1'), RTLD_NOW | RTLD_NODELETE)
}

/** The C function of this prototype, or `undefined` where the platform's libraries lack it. */
export function find(prototype: string): FoundFunction | undefined {
  if (target === null) return undefined
  for (const library of libraries()) {
    try {
      return library.func(prototype)
    } catch (error) {
      // koffi reports "Cannot find function" for a missing symbol; any other error is a mistake in the prototype.
      if (!/find function/i.test(String(error))) throw error
    }
  }
  return undefined
}

/** The address of a symbol of the running program, or `undefined`. */
export function findSymbol(name: string): number | undefined {
  for (const library of libraries()) {
    try {
      return Number(koffi.address(library.symbol(name)))
    } catch {
      // This library lacks the symbol.
    }
  }
  return undefined
}
