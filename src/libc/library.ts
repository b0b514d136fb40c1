import { isMainThread } from 'node:worker_threads'
import { constants, target } from './facts.ts'
import koffi, { type LibraryHandle } from './koffi.ts'

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
  opened.push(koffi.load(null))
  // Before glibc 2.34 login_tty(3) and its kind lived in a library of their own, which node does not link.
  try {
    opened.push(koffi.load('libutil.so.1'))
  } catch {
    // Not there (musl, or a newer glibc without the stub): everything is in the C library then.
  }
  if (isMainThread) repairStandardStreams()
  return opened
}

/**
 * Node sets FD_CLOEXEC on descriptors 0 to 2 when it starts, so a child that is made without Node's help would find
 * them closed. Every other language leaves them inheritable, and so do we.
 */
function repairStandardStreams(): void {
  const fcntl = opened[0]?.func('int fcntl(int, int, long)')
  if (fcntl === undefined) return
  for (let fd = 0; fd <= 2; fd++) {
    const flags = fcntl(fd, constants.F_GETFD, 0)
    if (flags !== -1) fcntl(fd, constants.F_SETFD, flags & ~constants.FD_CLOEXEC)
  }
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
