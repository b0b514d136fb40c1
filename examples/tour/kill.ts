import { once } from 'node:events'
import os from 'osier'
import { SIGUSR1 } from 'osier/signal'

// A signal from one process to another. The child reports through a pipe that its handler is set: a signal that came
// before would end it.

const [ready, tell] = os.pipe()

console.log('Forking...')
const child = os.fork()

if (child === 0) {
  console.log('CHILD: Setting up the handler')
  const received = once(process, 'SIGUSR1')
  // Handlers of signals alone keep no process alive.
  const alive = setInterval(() => undefined, 1000)
  console.log('CHILD: Waiting for the signal')
  os.close(tell)
  await received
  clearInterval(alive)
  console.log('CHILD: Process', os.getpid(), 'has received it')
} else {
  console.log('PARENT: Waiting until the child is ready')
  os.close(tell)
  // Nothing comes, but the end: when the last of the writers has closed.
  os.read(ready, 1)
  console.log('PARENT: Sending the signal to', child)
  os.kill(child, SIGUSR1)
  os.waitpid(child, 0)
}
