import os from 'osier'
import { recv_fds, send_fds, socketpair } from 'osier/socket'

// A child opens a file, and sends the descriptor to its parent.

const [parent, inChild] = socketpair()
const child = os.fork()
if (child === 0) {
  const fd = os.open('file', os.O_RDWR | os.O_CREAT)
  os.write(fd, Buffer.from('written by the child'))
  send_fds(inChild, [Buffer.from('here it is')], [fd])
  os._exit(0)
}
os.waitpid(child, 0)
const [message, [received = -1]] = recv_fds(parent, 100, 1)
console.log(message.toString())
console.log(os.pread(received, 100, 0).toString())
os.remove('file')
