import { spawnSync } from 'node:child_process'
import os from 'osier'

/** What imitates another computer for this process, such as QEMU, does not do so for the programs that it starts. */

function outputOf(...command: [string, ...string[]]): string {
  const [name, ...args] = command
  return spawnSync(name, args, { encoding: 'utf8' }).stdout.trim()
}

/** For a test's `skip`: why the processor cannot be compared with what other programs say of it, or false. */
export const otherMachine: string | false =
  outputOf('uname', '-m') !== os.uname().machine && 'what is started here runs on a processor of another kind'

/** For a test's `skip`: why forks are not as elsewhere, or false. QEMU has a thread of its own in each process. */
export const foreignThread: string | false =
  otherMachine !== false && 'what imitates this computer has a thread here that is not in a child, of which osier warns'

/** For a test's `skip`: why an environment is not what a program is started with, or false. */
export const otherEnvironment: string | false =
  otherMachine !== false && 'what imitates this computer puts the environment of programs in another order'

/** For a test's `skip`: why system calls cannot be counted, or false. */
export const foreignCalls: string | false =
  otherMachine !== false && 'strace sees the system calls of what imitates this computer'

/** For a test's `skip`: why a child may not have begun when a spawn comes back, or false. QEMU takes vfork for fork. */
export const lateChildren: string | false =
  otherMachine !== false &&
  'what imitates this computer does not wait until a child has begun its program, or failed to'

function lacksSubreapers(): boolean {
  try {
    os.get_child_subreaper()
    return false
  } catch (error) {
    return error instanceof os.OSError && error.code === 'EINVAL'
  }
}

/** For a test's `skip`: why this process cannot be a subreaper, or false. QEMU refuses it, where Linux does so since 3.4. */
export const noSubreaper: string | false = lacksSubreapers() && 'there is no PR_SET_CHILD_SUBREAPER of prctl(2) here'

/** For a test's `skip`: why the root directory cannot be compared with what other programs say of it, or false. */
export const otherRoot: string | false =
  outputOf('stat', '-c', '%i', '/') !== String(os.stat('/').st_ino) &&
  'what is started here sees another root directory'

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
