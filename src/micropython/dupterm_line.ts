/** What the terminal and the thread that serves a descriptor or a port know of each other. */

/** What a thread serves. */
export type Served =
  | { readonly fd: number }
  /** A Unix socket that is made at this path, for its owner alone. */
  | { readonly path: string }
  /** A TCP port of this machine. Whoever does not send the token as the first line is disconnected. */
  | { readonly port: number; readonly token: string }

/** The result of listening: the port, 0 for a socket; or why it failed. */
export type Listening = { readonly port: number } | { readonly failed: string }

export interface ThreadData {
  readonly served: Served
  /** Three counters, of 32 bits each. */
  readonly counters: SharedArrayBuffer
}

/** Counter: how many times the main thread has taken input. If it does not, it is busy. */
export const ANSWERED = 0
/** Counter: how many bytes of output the thread has not passed on. */
export const UNREAD = 1

/** Counter: how many times the thread has sent the signal for Ctrl-C, because the main thread was busy. */
export const SIGNALLED = 2

/** Ctrl-C, as a terminal sends it. */
export const INTERRUPT_KEY = 0x03

/** From the thread: input; that it listens, or cannot; that it has ended, and why. */
export type FromThread = { readonly input: Uint8Array } | { readonly listening: Listening } | { readonly ended: string }

/** To the thread: output; null: that is all. */
export type ToThread = Uint8Array | null
