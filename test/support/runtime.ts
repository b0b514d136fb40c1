import { spawnSync } from 'node:child_process'
import { fstatSync, mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import os from 'osier'
import { foreignThread } from './emulation.ts'

/** What runs the tests. */
export const runtime: 'Node' | 'Bun' | 'Deno' =
  process.versions.bun !== undefined ? 'Bun' : process.versions.deno !== undefined ? 'Deno' : 'Node'

/** For a test's `skip`: why a test that needs Node is skipped, or false. */
export function onlyNode(reason: string): string | false {
  return runtime === 'Node' ? false : `${runtime}: ${reason}`
}

/** Why something is left out where a runtime cannot do it, or false; Node can. */
function unless(isPossible: () => boolean, reason: string): string | false {
  return runtime !== 'Node' && !isPossible() && `${runtime}: ${reason}`
}

/** For a test's `skip` where descriptors of `os` are given to `node:fs`. */
export const ownDescriptors: string | false = unless(() => {
  const fd = os.open('/', os.O_RDONLY)
  try {
    return fstatSync(fd).isDirectory()
  } catch {
    return false
  } finally {
    os.close(fd)
  }
}, 'its node:fs knows no descriptors but its own')

/** For a test's `skip` where `node:fs` has to return names that are not UTF-8. */
export const lossyNames: string | false = unless(() => {
  const folder = mkdtempSync(join(tmpdir(), 'osier-'))
  try {
    os.mkdir(Buffer.from(`${folder}/\xff`, 'latin1'))
    return statSync(Buffer.from(`${folder}/\xff`, 'latin1'), { throwIfNoEntry: false }) !== undefined
  } finally {
    os.rmdir(Buffer.from(`${folder}/\xff`, 'latin1'))
    os.rmdir(folder)
  }
}, 'its node:fs cannot tell names that are not UTF-8')

/** The NODE_OPTIONS with which a runtime passes its permission flags to children. */
function handedDown(): string {
  if (!('permission' in process)) return ''
  return spawnSync(process.execPath, ['-p', 'Object.keys(process.env)'], { encoding: 'utf8', env: {} }).stdout.trim()
}

/** For a test's `skip` where variables are counted, or have values that are not UTF-8. */
export const ownVariables: string | false =
  (runtime === 'Deno' && 'Deno: it adds to the environment, needs a HOME, and throws at what is not UTF-8') ||
  (/NODE_OPTIONS/.test(handedDown()) && 'with --permission this Node adds NODE_OPTIONS to the environment of children')

/** For a test's `skip` about the process group of a child of `node:child_process`. */
export const ownGroups: string | false =
  runtime === 'Deno' && 'Deno: each child of its node:child_process leads a process group'

/** For a test's `skip` about what a runtime did to signals and descriptors. */
export const ownSignals: string | false = runtime === 'Deno' && 'Deno: it ignores signal 32, and keeps /dev/null open'

/** For a test's `skip` where epoll instances are counted. */
export const ownEpolls: string | false =
  runtime === 'Deno' && 'Deno: it leaves open its own epoll instance of a thread that a worker had'

/** For a test's `skip` where a worker thread is stopped with calls on the thread pool. */
export const noStopping: string | false =
  runtime !== 'Node' && `${runtime}: it crashes when a thread is stopped that has a call of koffi on the pool`

/** For a test's `skip` where more memory is requested than any machine has. */
export const noLimitlessMemory: string | false =
  !isMainThread &&
  runtime === 'Node' &&
  Number.parseInt(process.versions.node, 10) >= 26 &&
  'Node 26 ends a worker thread that asks for memory which is not there'

/** For a test's `skip`: why there is no fork. */
export const noFork: string | false = onlyNode('no other runtime survives fork(2)') || foreignThread

/** For a test's `skip`: why nothing can be done before osier is loaded. */
export const noPreload: string | false = onlyNode('it cannot be given a module to load first')

/** For a test's `skip` where this process must change as a whole: worker threads may not do that. */
export const noMainThread: string | false = isMainThread ? false : 'a worker thread may not change the process'

/** For a test's `skip` where signals are handled: why a worker thread cannot, or false. */
export const noSignals: string | false = isMainThread ? false : 'signals are heard in the main thread only'

/** Has the program that `process.execPath` names read a file, in a program of its own. Deno's own functions would translate. */
const again = `const { execFileSync } = require('node:child_process')
  const program = "require('node:fs').statSync('/'); console.log('here')"
  const shell = ['-c', 'exec "$0" -e "$1"', process.execPath, program]
  process.stdout.write(execFileSync('sh', shell, { stdio: ['ignore', 'pipe', 'ignore'] }))`

/** For a test's `skip` about a program that starts itself anew: why `process.execPath` does not do for that, or false. */
export const noSelf: string | false =
  runtime === 'Node' || spawnSync(process.execPath, ['-e', again], { encoding: 'utf8' }).stdout === 'here\n'
    ? false
    : `${runtime}: what its process.execPath names does not take Node's command line`
