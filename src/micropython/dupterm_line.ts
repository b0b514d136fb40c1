/** The protocol between the terminal and the thread that serves a descriptor or a port. */

/** The descriptor or port that a thread serves. */
export type Served =
  | { readonly fd: number }
  /** The path of a Unix socket to create, to which only its owner may connect. */
  | { readonly path: string }
  /** A TCP port on the loopback interface. A connection whose first line is not the token is closed. */
  | { readonly port: number; readonly token: string }

/** The result of listening: the port, 0 for a socket; or why it failed. */
export type Listening = { readonly port: number } | { readonly failed: string }

export interface ThreadData {
  readonly served: Served
  /** Three counters, of 32 bits each. */
  readonly counters: SharedArrayBuffer
}

/** Counter: the number of inputs that the main thread has taken. If it does not increase, the main thread is busy. */
export const INPUT_TAKEN = 0
/** Counter: the number of bytes of output that the thread has not written yet. */
export const UNREAD = 1

/** Counter: the number of SIGINT signals that the thread has sent for Ctrl-C, because the main thread was busy. */
export const SIGNALLED = 2

/** Ctrl-C, as a terminal sends it. */
export const INTERRUPT_KEY = 0x03

/** A message from the thread: input; the result of listening; or its end, with the reason. */
export type FromThread = { readonly input: Uint8Array } | { readonly listening: Listening } | { readonly ended: string }

/** A message to the thread: output; null ends it. */
export type ToThread = Uint8Array | null
