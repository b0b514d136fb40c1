import { NotImplementedError } from '../errors.ts'
import { isNode } from '../libc/node.ts'
import { type Watch, watch } from '../libc/poll_handle.ts'

/**
 * Has `wake` called by the event loop whenever an epoll instance has something to say.
 *
 * @throws NotImplementedError in runtimes other than Node: their loops let nobody in
 */
export function watchEpoll(fd: number, wake: () => void): Watch {
  if (!isNode) throw new NotImplementedError('waiting for descriptors needs Node')
  return watch(fd, wake)
}
