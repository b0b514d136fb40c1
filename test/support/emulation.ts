import { spawnSync } from 'node:child_process'
import os from 'osier'

/** What imitates another computer for this process, such as QEMU, does not do so for the programs that it starts. */

function told(...command: [string, ...string[]]): string {
  const [name, ...args] = command
  return spawnSync(name, args, { encoding: 'utf8' }).stdout.trim()
}

/** For a test's `skip`: why the processor cannot be compared with what other programs say of it, or false. */
export const otherMachine: string | false =
  told('uname', '-m') !== os.uname().machine && 'what is started here runs on a processor of another kind'

/** For a test's `skip`: why the root directory cannot be compared with what other programs say of it, or false. */
export const otherRoot: string | false =
  told('stat', '-c', '%i', '/') !== String(os.stat('/').st_ino) && 'what is started here sees another root directory'

function lacksPwritev2(): boolean {
  const fd = os.memfd_create('vectors')
  try {
    os.pwritev(fd, [Buffer.of(0)], 0)
    return false
  } catch (error) {
    return error instanceof os.OSError && error.code === 'ENOSYS'
  } finally {
    os.close(fd)
  }
}

/** For a test's `skip`: why nothing can be written from vectors at a place, or false. */
export const noPwritev2: string | false = lacksPwritev2() && 'there is no pwritev2(2) here'
