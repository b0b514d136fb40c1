/**
 * Starts 200 children at once, awaits them all, and starts one that fails once more: without a handler of SIGCHLD, and
 * without a thread.
 *
 *     node build/examples/waiting/children.js [COUNT]
 */

import os from 'osier'

const { promises } = os
const count = Number(process.argv[2] ?? 200)

/** Every tenth child fails the first time. */
function start(number: number, attempt: number): number {
  const script = `exit ${number % 10 === 0 && attempt === 1 ? 1 : 0}`
  return os.posix_spawn('/bin/sh', ['sh', '-c', script], null)
}

async function supervise(number: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const [, status] = await promises.waitpid(start(number, attempt), 0)
    if (os.waitstatus_to_exitcode(status) === 0) return attempt
  }
}

const threads = os.listdir('/proc/self/task').length
const attempts = await Promise.all(Array.from({ length: count }, (_, number) => supervise(number)))
const restarts = attempts.filter((attempt) => attempt > 1).length
const more = os.listdir('/proc/self/task').length - threads
console.log(`${count} children, ${restarts} started again, ${more} threads more`)
