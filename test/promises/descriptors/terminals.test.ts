import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'

const { promises } = os
const LINES = 2000
/** Far more than a terminal's buffers hold, in lines as a terminal takes them, and at last the end of the input. */
const typed = Buffer.from(`${`${'x'.repeat(70)}\n`.repeat(LINES)}\x04`)

/** A program that echoes what it reads, on a terminal that echoes as well. */
function startEcho(): [pid: number, control: number] {
  const [control, terminal] = os.openpty()
  const argv = ['sh', '-c', 'while read -r line; do echo "$line"; done']
  const pid = os.posix_spawn('/bin/sh', argv, os.environ, {
    setsid: true,
    file_actions: [
      [os.POSIX_SPAWN_OPEN, 0, os.ttyname(terminal), os.O_RDWR, 0],
      [os.POSIX_SPAWN_DUP2, 0, 1],
      [os.POSIX_SPAWN_DUP2, 0, 2],
    ],
  })
  os.close(terminal)
  return [pid, control]
}

const ways: Readonly<Record<string, (fd: number) => Promise<void>>> = {
  'promises.write': async (fd) => {
    for (let rest = typed; rest.length > 0; ) rest = rest.subarray(await promises.write(fd, rest))
  },
  'promises.toWritable': (fd) =>
    new Promise((resolve, reject) => {
      promises
        .toWritable(os.dup(fd))
        .on('error', reject)
        .end(typed, () => resolve())
    }),
}

describe('writing to a terminal whose program echoes, and reading from it', () => {
  for (const [name, write] of Object.entries(ways)) {
    test(`${name} does not keep the reader waiting`, { timeout: 60_000 }, async () => {
      const [pid, control] = startEcho()
      try {
        const writing = write(control)
        let length = 0
        for await (const chunk of promises.readable(control)) length += chunk.length
        await writing
        // Each line from the program, and each newline as two characters. The terminal echoes as well, and drops echoes
        // that its buffer has no room for.
        assert.ok(length > LINES * 72 && length <= 2 * LINES * 72, String(length))
        assert.equal((await promises.waitpid(pid, 0))[1], 0)
      } catch (error) {
        os.kill(pid, 9)
        throw error
      }
    })
  }
})
