import { isMainThread } from 'node:worker_threads'

/** What runs the tests. */
export const runtime: 'Node' | 'Bun' | 'Deno' =
  process.versions.bun !== undefined ? 'Bun' : process.versions.deno !== undefined ? 'Deno' : 'Node'

/** For a test's `skip`: why something that takes Node is left out, or false. */
export function onlyNode(reason: string): string | false {
  return runtime === 'Node' ? false : `${runtime}: ${reason}`
}

/** For a test's `skip`: why there is no fork. */
export const noFork: string | false = onlyNode('no other runtime survives fork(2)')

/** For a test's `skip`: why nothing can be done before osier is loaded. */
export const noPreload: string | false = onlyNode('it cannot be given a module to load first')

/** For a test's `skip` where this process must change as a whole: worker threads may not do that. */
export const noMainThread: string | false = isMainThread ? false : 'a worker thread may not change the process'
