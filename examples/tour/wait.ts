import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'

// Waits for children in the order in which they end. The status has the exit code in its upper byte, or a signal below.

async function work(index: number): Promise<never> {
  console.log(`WORKER ${index}: Starting`)
  await sleep(1000 - 800 * index)
  console.log(`WORKER ${index}: Finishing`)
  process.exit(index)
}

for (const index of [0, 1]) {
  console.log('PARENT: Process', os.getpid(), 'forks worker', index)
  if (os.fork() === 0) await work(index)
}

for (const time of ['first', 'second']) {
  console.log('PARENT: Waiting, the', time, 'time')
  const [pid, status] = os.wait()
  console.log('PARENT: Process', pid, 'has ended with status', status)
}
