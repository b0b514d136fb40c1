import { type FdOperation, NOT_YET, runWhenReady } from '../event_loop/fd_operation.ts'
import { READABLE, WRITABLE } from '../event_loop/poller.ts'
import { constants } from '../libc/facts.ts'
import { rejectDetached } from '../os/arguments/buffers.ts'
import type { Descriptor } from '../os/arguments/descriptors.ts'
import { takeWaitOptions, type WaitOptions } from '../promises/wait_options.ts'
import {
  type Incoming,
  type Outgoing,
  preparedReceive,
  preparedSend,
  type ReceivedFds,
  type RecvFdsOptions,
  receivedMessage,
  receiveOnce,
  type SendFdsOptions,
  sendOnce,
  WOULD_BLOCK,
} from './messages.ts'

/** The functions of `socket` that can block, returning promises. */

const { MSG_DONTWAIT } = constants

class Send implements FdOperation<number> {
  readonly events: number = WRITABLE
  readonly fd: number
  readonly #message: Outgoing

  constructor(message: Outgoing) {
    this.fd = message.socket
    this.#message = message
  }

  attempt(): number | typeof NOT_YET {
    for (const bytes of this.#message.buffers) rejectDetached(bytes, 'buffers')
    const size = sendOnce(this.#message, this.#message.flags | MSG_DONTWAIT, WOULD_BLOCK)
    return size === WOULD_BLOCK ? NOT_YET : size
  }
}

class Receive implements FdOperation<ReceivedFds> {
  readonly events: number = READABLE
  readonly fd: number
  readonly #message: Incoming

  constructor(message: Incoming) {
    this.fd = message.socket
    this.#message = message
  }

  attempt(): ReceivedFds | typeof NOT_YET {
    const size = receiveOnce(this.#message, this.#message.flags | MSG_DONTWAIT, WOULD_BLOCK)
    return size === WOULD_BLOCK ? NOT_YET : receivedMessage(this.#message, size)
  }
}

/**
 * sendmsg(2): `socket.send_fds` without blocking the event loop. Data and descriptors must stay as they are until the
 * promise is settled.
 *
 * @param options `signal`: aborted before anything was sent, it makes the promise reject; `ref`: false lets the process
 *   end meanwhile
 * @example
 * ```ts
 * const [a, b] = socket.socketpair()
 * await socket.promises.send_fds(a, [Buffer.from('x')], [0]) // => 1
 * const [, fds] = await socket.promises.recv_fds(b, 1, 1)
 * for (const fd of [a, b, ...fds]) os.close(fd)
 * ```
 */
export async function send_fds(
  sock: Descriptor,
  buffers: readonly ArrayBufferView[],
  fds: readonly Descriptor[],
  ...rest:
    | [options?: SendFdsOptions & WaitOptions]
    | [flags: number | undefined, options?: Pick<SendFdsOptions, 'address'> & WaitOptions]
    | [flags: number | undefined, address: SendFdsOptions['address'], options?: WaitOptions]
): Promise<number> {
  const given: unknown[] = [...rest]
  const options = takeWaitOptions(given)
  return runWhenReady(new Send(preparedSend(sock, buffers, fds, ...given)), options)
}

/**
 * recvmsg(2): `socket.recv_fds` without blocking the event loop: as soon as there is a message.
 *
 * @param options `signal`: aborted before anything was received, it makes the promise reject; `ref`: false lets the
 *   process end meanwhile
 * @example
 * ```ts
 * const [a, b] = socket.socketpair()
 * const coming = socket.promises.recv_fds(b, 100, 1)
 * socket.send_fds(a, [Buffer.from('x')], [0])
 * const [msg, fds] = await coming
 * msg.toString() // => 'x'
 * for (const fd of [a, b, ...fds]) os.close(fd)
 * ```
 */
export async function recv_fds(
  sock: Descriptor,
  bufsize: number | bigint,
  maxfds: number,
  ...rest: [options?: RecvFdsOptions & WaitOptions] | [flags: number | undefined, options?: WaitOptions]
): Promise<ReceivedFds> {
  const given: unknown[] = [...rest]
  const options = takeWaitOptions(given)
  return runWhenReady(new Receive(preparedReceive(sock, bufsize, maxfds, ...given)), options)
}
