import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'

// Waits for one child after the other, in the order in which they were started, whichever ends first.

async function work(index: number): Promise<never> {
  console.log(`WORKER ${index}: Starting`)
  await sleep(500 - 400 * index)
  console.log(`WORKER ${index}: Finishing`)
  process.exit(index)
}

const workers: number[] = []
for (const index of [0, 1]) {
  console.log('PARENT: Process', os.getpid(), 'forks worker', index)
  const pid = os.fork()
  if (pid === 0) await work(index)
  workers.push(pid)
}

for (const worker of workers) {
  console.log('PARENT: Waiting for process', worker)
  const [pid, status] = os.waitpid(worker, 0)
  console.log('PARENT: Process', pid, 'has ended with exit code', os.waitstatus_to_exitcode(status))
}
