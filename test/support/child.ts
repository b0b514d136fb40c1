import { spawnSync } from 'node:child_process'

export interface ChildOptions {
  /** Its environment, where it is not to be this process's. */
  readonly env?: NodeJS.ProcessEnv
  /** What starts it, with Node's command line as further arguments. */
  readonly command?: readonly string[]
  /** Options of Node's own. */
  readonly nodeOptions?: readonly string[]
  readonly cwd?: string
  /** What it reads on standard input. */
  readonly input?: string
}

export interface ChildRun {
  readonly pid: number
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a module to its end, in a Node process of its own, where `os` is the package. */
export function runNode(
  program: string,
  { env, command = [], nodeOptions = [], cwd, input }: ChildOptions = {},
): ChildRun {
  // By its address, since the name means something only where the test runner was started.
  const source = `import os from '${import.meta.resolve('osier')}'\n${program}`
  const [first = '', ...rest] = [...command, process.execPath, ...nodeOptions, '--input-type=module', '-e', source]
  const child = spawnSync(first, rest, {
    encoding: 'utf8',
    timeout: 60_000,
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? {} : { input }),
  })
  if (child.error) throw child.error
  return child
}

/** What a module prints as JSON: it runs in a Node process of its own, where `os` is the package. */
export function askNode<T>(program: string, options: ChildOptions = {}): T {
  const child = runNode(program, options)
  if (child.status !== 0) throw new Error(`the child failed: ${child.stderr}${child.signal ?? ''}`)
  return JSON.parse(child.stdout) as T
}
