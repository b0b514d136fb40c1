import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { measure } from 'mitata'

/** Who does a piece of work: this process, another language, a command. */
export interface Contestant {
  /**
   * Does the work `times` times in a row, and that again for each of the samples.
   *
   * @returns how long one time took, in nanoseconds, for each sample
   */
  sample(times: number, samples: number): Promise<number[]>
  /** Ends what was started. */
  stop(): void
}

/** Starts a contestant; a sentence says why it cannot take part on this machine. */
export type Entry = () => Contestant | string

/** From the root of the repository, where the benchmarks are run. */
const SOURCES = 'bench'

/**
 * A function of this process. What it returns is dropped: to keep it, as benchmarks do where a compiler might leave out
 * the work, costs 15 ns of bookkeeping for the garbage collector, and no compiler leaves out a system call.
 */
export function inNode(work: () => unknown): Entry {
  return () => ({
    async sample(times, samples) {
      const timed = await measure(work, {
        // mitata's loop makes `times` calls between two looks at the clock only where calls are short. Here always.
        ...{ batch_threshold: Number.POSITIVE_INFINITY, warmup_threshold: Number.POSITIVE_INFINITY },
        ...{ batch_samples: times, batch_unroll: 1 },
        ...{ min_samples: samples, max_samples: samples, min_cpu_time: 0, samples_threshold: samples },
      })
      return timed.samples
    },
    stop() {},
  })
}

/** A statement of Python, after some that prepare it. It is timed inside of Python. */
export function inPython(statement: string, setup = ''): Entry {
  return () =>
    python === null ? 'there is no python3' : new Timer(python.command, [`${SOURCES}/timer.py`, setup, statement])
}

/** A case of floor.c: what the C library costs with nothing around it. */
export function inC(name: string): Entry {
  return () => {
    const program = compileFloor()
    return program === null ? 'there is no C compiler' : new Timer(program, [name])
  }
}

/** A command, from its start to its end. */
export function inShell(command: string, args: readonly string[]): Entry {
  return () => {
    if (spawnSync(command, ['--version'], { stdio: 'ignore' }).error) return `there is no ${command}`
    return {
      async sample(times, samples) {
        return Array.from({ length: samples }, () => {
          const start = process.hrtime.bigint()
          for (let i = 0; i < times; i++) spawnSync(command, args, { stdio: 'ignore' })
          return Number(process.hrtime.bigint() - start) / times
        })
      },
      stop() {},
    }
  }
}

/** A program that reads numbers, one a line, does its work so many times, and answers with the nanoseconds that took. */
class Timer implements Contestant {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #answers: AsyncIterator<string>

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]()
  }

  async sample(times: number, samples: number): Promise<number[]> {
    const found: number[] = []
    while (found.length < samples) {
      this.#child.stdin.write(`${times}\n`)
      const answer = await this.#answers.next()
      if (answer.done === true) throw new Error(`${this.#child.spawnargs.join(' ')} ended without an answer`)
      found.push(Number(answer.value) / times)
    }
    return found
  }

  stop(): void {
    this.#child.stdin.end()
  }
}

interface Python {
  readonly command: string
  /** For the record. */
  readonly description: string
}

/** BENCH_PYTHON names another interpreter than the first one on the path. */
export const python: Python | null = findPython(process.env.BENCH_PYTHON ?? 'python3')

function findPython(command: string): Python | null {
  const about = 'import platform; print(platform.python_implementation(), platform.python_version())'
  const asked = spawnSync(command, ['-c', about], { encoding: 'utf8' })
  return asked.status === 0 ? { command, description: `${asked.stdout.trim()} (${command})` } : null
}

let floor: string | null | undefined

function compileFloor(): string | null {
  if (floor !== undefined) return floor
  const folder = mkdtempSync(join(tmpdir(), 'osier-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const program = join(folder, 'floor')
  const compiled = spawnSync('cc', ['-O2', '-o', program, `${SOURCES}/floor.c`], { stdio: 'inherit' })
  floor = compiled.status === 0 ? program : null
  return floor
}
