import { spawnSync } from 'node:child_process'

/** What a module prints as JSON: it runs in a Node process of its own, where `os` is the package. */
export function askNode<T>(program: string, env?: NodeJS.ProcessEnv): T {
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', `import os from 'osier'\n${program}`], {
    encoding: 'utf8',
    timeout: 60_000,
    ...(env === undefined ? {} : { env }),
  })
  if (child.status !== 0) throw new Error(`the child failed: ${child.stderr}${child.error ?? child.signal ?? ''}`)
  return JSON.parse(child.stdout) as T
}
