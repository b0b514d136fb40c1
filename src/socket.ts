/** What passes descriptors over Unix sockets, of Python's `socket` module. */
export * from './socket/constants.ts'
export {
  type ReceivedFds,
  type RecvFdsOptions,
  recv_fds,
  type SendFdsOptions,
  type SocketpairOptions,
  send_fds,
  socketpair,
} from './socket/messages.ts'
export * as promises from './socket/promises.ts'

export * as default from './socket.ts'
