import { spawnSync } from 'node:child_process'

const probe = spawnSync('python3', ['--version'], { encoding: 'utf8' })

/** For a test's `skip`: why it is skipped, or false where there is a `python3` to compare with. */
export const noPython: string | false = probe.status === 0 ? false : 'there is no python3 to compare with'

export interface PythonOptions {
  readonly args?: readonly string[]
  readonly cwd?: string
  readonly input?: string
}

/** The output of a Python program. */
export function runPython(program: string, { args = [], cwd, input }: PythonOptions = {}): string {
  const child = spawnSync('python3', ['-X', 'utf8', '-c', program, ...args], {
    encoding: 'utf8',
    maxBuffer: 256 * 2 ** 20,
    timeout: 60_000,
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? {} : { input }),
  })
  if (child.status !== 0) throw new Error(`python3 failed: ${child.stderr}${child.error ?? ''}`)
  return child.stdout
}

/** The JSON output of a Python program: `json.dumps` writes ASCII, which preserves lone surrogates. */
export function askPython<T>(program: string, options: PythonOptions = {}): T {
  return JSON.parse(runPython(program, options)) as T
}
