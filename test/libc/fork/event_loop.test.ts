/** What the event loop of a forked child has left of its parent's. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runNode } from '../../support/child.ts'
import { noFork } from '../../support/runtime.ts'

test('signals that wait in the parent do not keep the child alive', { skip: noFork }, () => {
  const child = runNode(`
    import { setTimeout as sleep } from 'node:timers/promises'
    const awake = setInterval(() => undefined, 1 << 30)
    let isFirst = true
    async function report(pid) {
      for (let tries = 0; tries < 400; tries++) {
        const [ended, status] = os.waitpid(pid, os.WNOHANG)
        if (ended !== 0) return console.log('the child ended with', os.waitstatus_to_exitcode(status))
        await sleep(25)
      }
      os.kill(pid, 9)
      os.waitpid(pid, 0)
      console.log('the child did not end')
    }
    process.on('SIGUSR2', async () => {
      if (!isFirst) return
      isFirst = false
      // This one is being handled, these wait.
      process.kill(process.pid, 'SIGUSR2')
      process.kill(process.pid, 'SIGUSR2')
      const pid = os.fork()
      if (pid !== 0) await report(pid)
      // Nothing is left to wait for then.
      process.removeAllListeners('SIGUSR2')
      clearInterval(awake)
    })
    process.kill(process.pid, 'SIGUSR2')`)
  assert.deepEqual([child.status, child.stderr, child.stdout], [0, '', 'the child ended with 0\n'])
})
