/** Python's `select` module: waiting for any of several descriptors. */
export { OSError as error } from './errors.ts'
export * from './select/constants.ts'
export { epoll } from './select/epoll.ts'
export { devpoll, kevent, kqueue } from './select/other_platforms.ts'
export { type PollObject, poll, type Ready } from './select/poll.ts'
export * as promises from './select/promises.ts'
export { type Lists, select } from './select/select.ts'

export * as default from './select.ts'
