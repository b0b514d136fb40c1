/**
 * Prints what is appended to a log, as `tail -F` does: also when it is cut to nothing, or replaced by a new file
 * (rotated). It polls the length of the file, which works on every file system, including network file systems.
 *
 *     node build/examples/waiting/follow.js FILE [SECONDS]
 */

import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'

const { promises } = os

/** The lines that are appended to a file from now on, until the signal is aborted. */
async function* follow(path: string, signal: AbortSignal): AsyncGenerator<string, void> {
  let fd = os.open(path, os.O_RDONLY)
  try {
    os.lseek(fd, 0, os.SEEK_END)
    console.log(`following ${path}`)
    let incomplete = ''
    while (!signal.aborted) {
      const chunk = await promises.read(fd, 65536)
      if (chunk.length > 0) {
        const lines = (incomplete + os.fsdecode(chunk)).split('\n')
        incomplete = lines.pop() ?? ''
        yield* lines
        continue
      }
      if (os.lseek(fd, 0, os.SEEK_CUR) > os.fstat(fd).st_size) os.lseek(fd, 0, os.SEEK_SET)
      const newFile = await replaced(fd, path)
      if (newFile !== null) {
        os.close(fd)
        fd = newFile
        continue
      }
      await sleep(20, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    os.close(fd)
  }
}

/** The file that has the name now, where it is another one. */
async function replaced(fd: number, path: string): Promise<number | null> {
  try {
    const [now, then] = [await promises.stat(path), os.fstat(fd)]
    return now.st_ino === then.st_ino && now.st_dev === then.st_dev ? null : os.open(path, os.O_RDONLY)
  } catch (error) {
    // Between two files of the name there may be none.
    if (error instanceof os.FileNotFoundError) return null
    throw error
  }
}

const [path = '/var/log/syslog', seconds = '3600'] = process.argv.slice(2)
const ending = new AbortController()
setTimeout(() => ending.abort(), Number(seconds) * 1000).unref()
process.once('SIGTERM', () => ending.abort())
for await (const line of follow(path, ending.signal)) console.log(line)
