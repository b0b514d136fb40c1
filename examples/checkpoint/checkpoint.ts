/**
 * A snapshot of a large Map, written while the program continues to change it: the child has the memory as it was at
 * the moment of the fork, and takes its time. Redis saves its data in this way.
 *
 *     node build/examples/checkpoint/checkpoint.js FILE [entries]
 */

import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'

const [file = 'checkpoint.txt', entries = '100000'] = process.argv.slice(2)
const data = new Map<string, number>()
for (let i = 0; i < Number(entries); i++) data.set(`key ${i}`, 0)

function* lines(): Generator<string> {
  for (const [key, value] of data) yield `${key}\t${value}\n`
}

/** A reader finds the old snapshot or the new one, never half of one. */
async function write(): Promise<void> {
  await pipeline(Readable.from(lines()), createWriteStream(`${file}.part`))
  os.rename(`${file}.part`, file)
}

/** Starts to write, and is done for the parent at once. */
function checkpoint(): number {
  const pid = os.fork()
  if (pid !== 0) return pid
  write().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
  return 0
}

const pid = checkpoint()
if (pid !== 0) {
  let changes = 0
  let [ended, status] = [0, 0]
  while (ended === 0) {
    for (const key of data.keys()) data.set(key, ++changes)
    await sleep(1)
    ;[ended, status] = os.waitpid(pid, os.WNOHANG)
  }
  console.log(`the snapshot was written (${os.waitstatus_to_exitcode(status)}) during ${changes} changes`)
}
