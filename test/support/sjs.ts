import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import os, { OSError } from 'osier/sjs'

/** What tests of sjs have in common. */

/** For `assert.throws`: the error for a wrong type. */
export const wrongType = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }

/** For `assert.throws`: an OSError with this code. */
export const code =
  (wanted: string) =>
  (error: unknown): true => {
    assert.ok(error instanceof OSError, String(error))
    assert.equal(error.code, wanted)
    assert.equal(typeof error.errno, 'number')
    return true
  }

interface Runner {
  /** Runs a program in which `os` is that of sjs. */
  run(program: string, env?: NodeJS.ProcessEnv): SpawnSyncReturns<string>
  /** The output of a program that must succeed. */
  printed(program: string, env?: NodeJS.ProcessEnv): string
}

/** What runs programs in a folder. */
export function runSjs(cwd: string): Runner {
  const run: Runner['run'] = (program, env = process.env) => {
    const source = `import os from '${import.meta.resolve('osier/sjs')}'\n${program}`
    const args = ['--input-type=module', '-e', source]
    return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000, cwd, env })
  }
  const printed: Runner['printed'] = (program, env) => {
    const { status, signal, stdout, stderr } = run(program, env)
    assert.deepEqual([status, signal, stderr], [0, null, ''], program)
    return stdout
  }
  return { run, printed }
}

/** Calls `use` with a new pipe, and closes it afterwards. */
export function withPipe<T>(use: (r: number, w: number) => T): T {
  const [r, w] = os.pipe()
  try {
    return use(r, w)
  } finally {
    os.close(r)
    os.close(w)
  }
}

/** Calls `use` with a descriptor, and closes it afterwards. */
export function withFile<T>(fd: number, use: (fd: number) => T): T {
  try {
    return use(fd)
  } finally {
    os.close(fd)
  }
}
