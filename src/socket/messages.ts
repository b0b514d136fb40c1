import { AuditEvent } from '../audit.ts'
import { outOfRange, wrongType } from '../errors.ts'
import { failed, lastErrno } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { type Address, libc } from '../libc/functions.ts'
import { addressOf, int32At, scratchAddress } from '../libc/memory.ts'
import { ownBytes, ownPart } from '../libc/own_bytes.ts'
import { decode } from '../libc/strings.ts'
import { type Descriptor, descriptor } from '../os/arguments/descriptors.ts'
import { byteCount, int } from '../os/arguments/numbers.ts'
import { optional } from '../os/arguments/options.ts'
import { encoded, type FileName } from '../os/arguments/paths.ts'
import { clampCount } from '../os/descriptors/transfer_size.ts'
import { viewList, withVectors } from '../os/descriptors/vectors.ts'

/** Messages with descriptors over Unix sockets: sendmsg(2) and recvmsg(2) with SCM_RIGHTS. */

const { AF_UNIX, MSG_CMSG_CLOEXEC, MSG_NOSIGNAL, SCM_RIGHTS, SOCK_CLOEXEC, SOCK_STREAM, SOL_SOCKET } = constants
const { EAGAIN } = errnoNumbers
const MESSAGE = structs.msghdr
const CONTROL = structs.cmsghdr
const NAME = structs.sockaddr_un
const { sun_family, sun_path } = NAME.offsets
const INT = 4
/** More descriptors than any message has: the kernel's limit is 253. */
const MOST = 4096
const CONTROL_START = MESSAGE.size + aligned(NAME.size)

const newEvent = new AuditEvent('socket.__new__')
const sendmsgEvent = new AuditEvent('socket.sendmsg')

/** CMSG_ALIGN(3): control messages start at a multiple of the size of `size_t`. */
function aligned(size: number): number {
  return (size + 7) & ~7
}

/** The optional arguments of `send_fds`. */
export interface SendFdsOptions {
  /** MSG_*, combined with `|`. */
  readonly flags?: number | undefined
  /** The receiver, if the socket is not connected: the path of its socket; an abstract one starts with a NUL. */
  readonly address?: FileName | null | undefined
}

/** The optional argument of `recv_fds`. */
export interface RecvFdsOptions {
  /** MSG_*, combined with `|`. */
  readonly flags?: number | undefined
}

/** A message that `recv_fds` has received. */
export type ReceivedFds = readonly [msg: Buffer, fds: number[], flags: number, address: string | Buffer | null]

/**
 * The memory of one call: the message header, the address, and the control data. It is used by address, and so must be
 * referred to until the call has returned.
 */
function messageMemory(name: number, control: number): Buffer<ArrayBuffer> {
  const memory = Buffer.allocUnsafeSlow(CONTROL_START + control).fill(0)
  const start = BigInt(addressOf(memory))
  const { msg_name, msg_namelen, msg_control, msg_controllen } = MESSAGE.offsets
  if (name > 0) memory.writeBigUInt64LE(start + BigInt(MESSAGE.size), msg_name)
  memory.writeUInt32LE(name, msg_namelen)
  if (control > 0) memory.writeBigUInt64LE(start + BigInt(CONTROL_START), msg_control)
  memory.writeBigUInt64LE(BigInt(control), msg_controllen)
  return memory
}

/** The control message with descriptors, behind the header. */
function putDescriptors(memory: Buffer, fds: readonly number[]): void {
  const { cmsg_len, cmsg_level, cmsg_type } = CONTROL.offsets
  memory.writeBigUInt64LE(BigInt(CONTROL.size + fds.length * INT), CONTROL_START + cmsg_len)
  memory.writeInt32LE(SOL_SOCKET, CONTROL_START + cmsg_level)
  memory.writeInt32LE(SCM_RIGHTS, CONTROL_START + cmsg_type)
  for (const [index, fd] of fds.entries()) memory.writeInt32LE(fd, CONTROL_START + CONTROL.size + index * INT)
}

/** A checked message, ready to be sent as often as the socket asks for it. */
export interface Outgoing {
  readonly socket: number
  readonly buffers: readonly Uint8Array[]
  readonly memory: Buffer
  readonly flags: number
}

/** Checks the arguments of `send_fds`, and raises its event. */
export function preparedSend(sock: unknown, buffers: unknown, fds: unknown, ...rest: readonly unknown[]): Outgoing {
  const { flags, address } = optional(['flags', 'address'], [], rest)
  const socket = descriptor(sock, 'sock')
  const views = viewList(buffers, 'buffers')
  if (!Array.isArray(fds)) throw wrongType('fds', 'an array of descriptors', fds)
  const numbers = (fds as unknown[]).map((fd, index) => descriptor(fd, `fds[${index}]`))
  const bits = int(flags ?? 0, 'flags') | MSG_NOSIGNAL
  const name = address === undefined || address === null ? null : checkedAddress(address)
  if (sendmsgEvent.wanted) sendmsgEvent.raise(socket, name === null ? null : address)
  const size = numbers.length === 0 ? 0 : aligned(CONTROL.size + numbers.length * INT)
  const memory = messageMemory(name === null ? 0 : sun_path + name.length, size)
  if (name !== null) {
    memory.writeUInt16LE(AF_UNIX, MESSAGE.size + sun_family)
    memory.set(name, MESSAGE.size + sun_path)
  }
  if (numbers.length > 0) putDescriptors(memory, numbers)
  return { socket, buffers: views, memory, flags: bits }
}

function checkedAddress(address: unknown): Buffer {
  if (typeof address !== 'string' && !(address instanceof Uint8Array)) {
    throw wrongType('address', 'a string, a Uint8Array or null', address)
  }
  const name = encoded(address, 'address')
  // An abstract address may fill the field; a path needs room for its NUL, as in Python.
  const most = NAME.sizes.sun_path - (name[0] === 0 ? 0 : 1)
  if (name.length > most) throw outOfRange('address', `the path of a socket, at most ${most} bytes`, address)
  return name
}

/** The result of a call that would block, where that is no error. */
export const WOULD_BLOCK = -2

/** Sends a message. `unready` is the result where that would block: -1 for an error. */
export function sendOnce({ socket, buffers, memory }: Outgoing, flags: number, unready: number): number {
  return withVectors('sendmsg', socket, buffers, (vectors, count) => {
    putVectors(memory, vectors, count)
    const size = libc.sendmsg(socket, addressOf(memory), flags)
    return size === -1 && lastErrno() === EAGAIN ? unready : size
  })
}

function putVectors(memory: Buffer, vectors: Address, count: number): void {
  memory.writeBigUInt64LE(BigInt(vectors), MESSAGE.offsets.msg_iov)
  memory.writeBigUInt64LE(BigInt(count), MESSAGE.offsets.msg_iovlen)
}

/** Room for a message that comes. */
export interface Incoming {
  readonly socket: number
  readonly data: Buffer<ArrayBuffer>
  readonly memory: Buffer
  readonly control: number
  readonly flags: number
}

/** Checks the arguments of `recv_fds`, and makes room for the message. */
export function preparedReceive(
  sock: unknown,
  bufsize: unknown,
  maxfds: unknown,
  ...rest: readonly unknown[]
): Incoming {
  const { flags } = optional(['flags'], [], rest)
  const socket = descriptor(sock, 'sock')
  const data = Buffer.allocUnsafeSlow(clampCount(byteCount(bufsize, 'bufsize')))
  const count = Math.min(int(maxfds, 'maxfds', 0), MOST)
  // Not aligned: in the space behind it the kernel would put another descriptor.
  const control = CONTROL.size + count * INT
  const bits = int(flags ?? 0, 'flags')
  return { socket, data, memory: messageMemory(NAME.size, control), control, flags: bits }
}

/** Makes the call, whose result `receivedMessage` shapes. Descriptors are close-on-exec from the beginning. */
export function receiveOnce(incoming: Incoming, flags: number, unready: number): number {
  const { socket, data, memory, control } = incoming
  return withVectors('recvmsg', socket, [data], (vectors, count) => {
    putVectors(memory, vectors, count)
    memory.writeUInt32LE(NAME.size, MESSAGE.offsets.msg_namelen)
    memory.writeBigUInt64LE(BigInt(control), MESSAGE.offsets.msg_controllen)
    const size = libc.recvmsg(socket, addressOf(memory), flags | MSG_CMSG_CLOEXEC)
    return size === -1 && lastErrno() === EAGAIN ? unready : size
  })
}

/** A message that has been received. No descriptor is lost: what the kernel had no room for, it has closed. */
export function receivedMessage({ data, memory, flags }: Incoming, size: number): ReceivedFds {
  const received = memory.readInt32LE(MESSAGE.offsets.msg_flags)
  const own = flags & MSG_CMSG_CLOEXEC ? received : received & ~MSG_CMSG_CLOEXEC
  // A message may be longer than the buffer (MSG_TRUNC among the flags).
  return [ownPart(data, Math.min(size, data.length)), descriptorsIn(memory), own, addressIn(memory)]
}

function descriptorsIn(memory: Buffer): number[] {
  const { cmsg_len, cmsg_level, cmsg_type } = CONTROL.offsets
  const end = CONTROL_START + Number(memory.readBigUInt64LE(MESSAGE.offsets.msg_controllen))
  const fds: number[] = []
  for (let at = CONTROL_START; at + CONTROL.size <= end; ) {
    const length = Number(memory.readBigUInt64LE(at + cmsg_len))
    if (length < CONTROL.size) break
    if (memory.readInt32LE(at + cmsg_level) === SOL_SOCKET && memory.readInt32LE(at + cmsg_type) === SCM_RIGHTS) {
      const last = Math.min(at + length, end) - INT
      for (let item = at + CONTROL.size; item <= last; item += INT) fds.push(memory.readInt32LE(item))
    }
    at += aligned(length)
  }
  return fds
}

/** The sender's address: text; bytes for an abstract one; null for a socket without a name. */
function addressIn(memory: Buffer): string | Buffer | null {
  const size = memory.readUInt32LE(MESSAGE.offsets.msg_namelen)
  if (size <= sun_path) return null
  const name = memory.subarray(MESSAGE.size + sun_path, MESSAGE.size + Math.min(size, NAME.size))
  if (name[0] === 0) return ownBytes(name)
  const end = name.indexOf(0)
  return decode(end === -1 ? name : name.subarray(0, end))
}

/**
 * sendmsg(2): sends data with descriptors over a Unix socket. The receiver gets descriptors of its own, which stand for
 * the same open files; those that were sent can be closed.
 *
 * @param sock a Unix socket: its descriptor
 * @param buffers the data: views of memory, at most 1024, with one byte or more in total on a stream
 * @param fds the descriptors, at most 253
 * @param flags MSG_*, combined with `|`; 0 by default
 * @param address the receiver, if the socket is not connected
 * @returns the number of bytes sent; the descriptors go with the first of them
 * @throws OSError as the system reports: EINVAL for too many descriptors; EBADF, also for one of them; ENOTSOCK;
 *   BrokenPipeError if the other end is closed; BlockingIOError; ETOOMANYREFS if too many are on their way
 *
 * Availability: Linux. Audit event: `socket.sendmsg` (sock, address). See sendmsg(2), unix(7); Python, socket.send_fds.
 * @example
 * ```ts
 * const [a, b] = socket.socketpair()
 * const fd = os.open('notes', os.O_RDWR | os.O_CREAT)
 * socket.send_fds(a, [Buffer.from('x')], [fd]) // => 1
 * const [, [copy = -1]] = socket.recv_fds(b, 1, 1)
 * os.write(copy, Buffer.from('text'))
 * os.fstat(fd).st_size // => 4
 * for (const one of [a, b, fd, copy]) os.close(one)
 * ```
 */
export function send_fds(
  sock: Descriptor,
  buffers: readonly ArrayBufferView[],
  fds: readonly Descriptor[],
  flags?: number | SendFdsOptions,
  address?: FileName | null | SendFdsOptions,
): number
export function send_fds(
  sock: Descriptor,
  buffers: readonly ArrayBufferView[],
  fds: readonly Descriptor[],
  ...rest: unknown[]
): number {
  const message = preparedSend(sock, buffers, fds, ...rest)
  return sendOnce(message, message.flags, -1)
}

/**
 * recvmsg(2): receives data with descriptors from a Unix socket. The descriptors are close-on-exec.
 *
 * @param sock a Unix socket: its descriptor
 * @param bufsize how many bytes of data at the most
 * @param maxfds how many descriptors at the most. If the message has more, the others are closed, and MSG_CTRUNC is among
 *   the flags
 * @param flags MSG_*, combined with `|`; 0 by default
 * @returns the data, empty at the end of a stream; the descriptors, which the caller has to close; the flags of the
 *   message (MSG_CTRUNC, MSG_TRUNC, MSG_EOR); the address of the sender: null if it has none
 * @throws OSError as the system reports: EBADF, ENOTSOCK, BlockingIOError, ConnectionResetError
 *
 * Availability: Linux. See recvmsg(2), unix(7); Python, socket.recv_fds.
 * @example
 * ```ts
 * const [a, b] = socket.socketpair()
 * socket.send_fds(a, [Buffer.from('x')], [0, 1, 2])
 * const [msg, fds, flags] = socket.recv_fds(b, 100, 2)
 * msg.toString() // => 'x'
 * fds.length // => 2
 * flags // => socket.MSG_CTRUNC
 * for (const fd of [a, b, ...fds]) os.close(fd)
 * ```
 */
export function recv_fds(
  sock: Descriptor,
  bufsize: number | bigint,
  maxfds: number,
  flags?: number | RecvFdsOptions,
): ReceivedFds
export function recv_fds(sock: Descriptor, bufsize: number | bigint, maxfds: number, ...rest: unknown[]): ReceivedFds {
  const incoming = preparedReceive(sock, bufsize, maxfds, ...rest)
  return receivedMessage(incoming, receiveOnce(incoming, incoming.flags, -1))
}

/** The optional arguments of `socketpair`. */
export interface SocketpairOptions {
  readonly family?: number | null | undefined
  readonly type?: number | undefined
  readonly proto?: number | undefined
}

/**
 * socketpair(2): creates two connected sockets without a name. What is written to one can be read from the other.
 *
 * They are descriptors, as those of `os.pipe`, and so are read and written with `os.read`, `os.write` and their twins in
 * `osier/promises`, and closed with `os.close`. They are close-on-exec.
 *
 * @param family AF_UNIX, the default
 * @param type SOCK_STREAM, the default, SOCK_DGRAM or SOCK_SEQPACKET; combined with SOCK_NONBLOCK for non-blocking mode
 * @param proto 0
 * @returns both descriptors
 * @throws OSError as the system reports: EMFILE, EOPNOTSUPP or EAFNOSUPPORT for another family, EPROTONOSUPPORT
 *
 * Availability: Linux. Audit event: `socket.__new__` (null, family, type, proto), before there are sockets. See
 * socketpair(2); Python, socket.socketpair.
 * @example
 * ```ts
 * const [a, b] = socket.socketpair({ type: socket.SOCK_DGRAM })
 * os.write(a, Buffer.from('question'))
 * os.read(b, 100).toString() // => 'question'
 * os.close(a)
 * os.close(b)
 * ```
 */
export function socketpair(options?: SocketpairOptions): readonly [number, number]
export function socketpair(
  family: number | null | undefined,
  type?: number | SocketpairOptions,
  proto?: number | SocketpairOptions,
): readonly [number, number]
export function socketpair(...given: unknown[]): readonly [number, number] {
  const { family, type, proto } = optional(['family', 'type', 'proto'], [], given)
  const domain = int(family ?? AF_UNIX, 'family')
  const kind = int(type ?? SOCK_STREAM, 'type')
  const protocol = int(proto ?? 0, 'proto')
  if (newEvent.wanted) newEvent.raise(null, domain, kind, protocol)
  while (libc.socketpair(domain, kind | SOCK_CLOEXEC, protocol, scratchAddress) === -1) failed('socketpair')
  return [int32At(0), int32At(4)]
}
