import { spawnSync } from 'node:child_process'

export interface ChildOptions {
  /** The environment; by default that of this process. */
  readonly env?: NodeJS.ProcessEnv
  /** The command, to which Node's arguments are appended. */
  readonly command?: readonly string[]
  /** Node's command-line options. */
  readonly nodeOptions?: readonly string[]
  readonly cwd?: string
  /** Standard input. */
  readonly input?: string
}

export interface ChildRun {
  readonly pid: number
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a module in a new Node process, where `os` is the package. */
export function runNode(
  program: string,
  { env, command = [], nodeOptions = [], cwd, input }: ChildOptions = {},
): ChildRun {
  // By URL, since the bare specifier resolves only in the project's directory.
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

/** The JSON output of a module that runs in a new Node process, where `os` is the package. */
export function askNode<T>(program: string, options: ChildOptions = {}): T {
  const child = runNode(program, options)
  if (child.status !== 0) throw new Error(`the child failed: ${child.stderr}${child.signal ?? ''}`)
  return JSON.parse(child.stdout) as T
}
