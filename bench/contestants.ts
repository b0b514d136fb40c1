import {
  type ChildProcessByStdio,
  type SpawnOptionsWithStdioTuple,
  type StdioOptions,
  spawn,
  spawnSync,
} from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** A program that is measured. */
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

export interface Entry {
  /**
   * Starts the contestant; a sentence says why it cannot take part on this machine.
   * @param place the group's name, and the entry's index in it
   */
  start(place: readonly string[]): Contestant | string
  /** The work of an entry in Node, for the process that is started for it. */
  readonly work?: () => unknown
}

/** From the root of the repository, where the benchmarks are run. */
const SOURCES = 'bench'

/** Returns the descriptors that a contestant inherits as 3 and following. Called when it starts. */
type Descriptors = () => readonly number[]

const NO_DESCRIPTORS: Descriptors = () => []

/**
 * A function of JavaScript. It runs in a process of its own, as all contestants do: neither the garbage nor the type
 * feedback of one should burden another.
 */
export function inNode(work: () => unknown, descriptors = NO_DESCRIPTORS): Entry {
  const timer = fileURLToPath(new URL('timer.js', import.meta.url))
  return { work, start: (place) => new Timer(process.execPath, [timer, ...place], descriptors()) }
}

/** A statement of Python, after some that prepare it. */
export function inPython(statement: string, setup = ''): Entry {
  return {
    start: () =>
      python === null ? 'there is no python3' : new Timer(python.command, [`${SOURCES}/timer.py`, setup, statement]),
  }
}

/** A case of floor.c: what the C library costs with nothing around it. */
export function inC(name: string, descriptors = NO_DESCRIPTORS): Entry {
  return {
    start() {
      floor ??= compileFloor()
      return 'reason' in floor ? floor.reason : new Timer(floor.program, [name], descriptors())
    },
  }
}

/** A command, from its start to its end. */
export function inShell(command: string, args: readonly string[]): Entry {
  return {
    start() {
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
    },
  }
}

/** How long a case of delays.ts keeps the event loop waiting, which is a matter of a whole process: one for each sample. */
export function delayOf(name: string): Entry {
  const program = fileURLToPath(new URL('delays.js', import.meta.url))
  return {
    start: () => ({
      async sample() {
        const { stdout, stderr, status } = spawnSync(process.execPath, [program, name], { encoding: 'utf8' })
        if (status !== 0) throw new Error(`${name}: ${stderr}`)
        return [Number(stdout)]
      },
      stop() {},
    }),
  }
}

/**
 * A program that reads lines with two numbers, times and samples, does its work accordingly, and replies to each line
 * with the nanoseconds that every sample took.
 */
class Timer implements Contestant {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #answers: AsyncIterator<string>

  constructor(command: string, args: readonly string[], descriptors: readonly number[] = []) {
    const options: SpawnOptionsWithStdioTuple<'pipe', 'pipe', 'inherit'> = { stdio: ['pipe', 'pipe', 'inherit'] }
    ;(options.stdio as StdioOptions[number][]).push(...descriptors)
    this.#child = spawn(command, args, options)
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]()
  }

  async sample(times: number, samples: number): Promise<number[]> {
    this.#child.stdin.write(`${times} ${samples}\n`)
    const answer = await this.#answers.next()
    if (answer.done === true) throw new Error(`${this.#child.spawnargs.join(' ')} ended without an answer`)
    return answer.value.split(' ').map((nanoseconds: string) => Number(nanoseconds) / times)
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

type Floor = { readonly program: string } | { readonly reason: string }

let floor: Floor | undefined

function compileFloor(): Floor {
  const folder = mkdtempSync(join(tmpdir(), 'osier-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const program = join(folder, 'floor')
  const compiled = spawnSync('cc', ['-O2', '-o', program, `${SOURCES}/floor.c`], { stdio: 'inherit' })
  if (compiled.error !== undefined) return { reason: 'there is no C compiler' }
  return compiled.status === 0 ? { program } : { reason: 'floor.c does not compile here' }
}
