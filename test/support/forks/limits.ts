import assert from 'node:assert/strict'
import os from 'osier'
import { openCount } from '../open_files.ts'
import { SUCCESS } from './child.ts'

/**
 * Run with a low limit of open files: forks while ever more descriptors are free, and prints how often that was refused,
 * and how often it went well. In between nothing may be left over: no descriptor, no child, no half of a child.
 */

function errorCode(call: () => unknown): string {
  try {
    call()
    return 'none'
  } catch (error) {
    return error instanceof os.OSError ? error.code : String(error)
  }
}

/** Forks, waits, and says what came of it. */
function attempt(): string {
  return errorCode(() => {
    const pid = os.fork()
    if (pid === 0) os._exit(SUCCESS)
    const [, status] = os.waitpid(pid, 0)
    assert.equal(os.waitstatus_to_exitcode(status), SUCCESS)
  })
}

const fds: number[] = []
const fill = (): unknown => {
  while (fds.push(os.open('/dev/null', os.O_RDONLY)));
  return undefined
}
openCount()
if (process.argv[2] === 'fork once before') attempt()
assert.equal(errorCode(fill), 'EMFILE')
// One is left for the listing.
os.close(fds.pop() ?? -1)

const outcomes: string[] = []
while (fds.length > 0 && outcomes.at(-1) !== 'none') {
  const before = openCount()
  outcomes.push(attempt())
  assert.equal(openCount(), before)
  os.close(fds.pop() ?? -1)
}
assert.equal(
  errorCode(() => os.waitpid(-1, os.WNOHANG)),
  'ECHILD',
)
assert.equal(attempt(), 'none')
console.log([...new Set(outcomes)].join(' '))
