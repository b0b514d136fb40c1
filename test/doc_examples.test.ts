/** The examples in doc comments are compiled, run, and give what they say. */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { describe, test } from 'node:test'
import os from 'osier'
import { frontDoors } from '../tools/front_doors.ts'
import { examplesLacking } from './support/checks.ts'
import { type DocExample, docExamples, programOf } from './support/doc_examples.ts'
import { temporaryFolder } from './support/folder.ts'
import { harmUnstated, harmWithoutNeed, leavesProcessAsItWas } from './support/harm.ts'
import { internalClasses } from './support/signatures.ts'
import { compileAll } from './support/snippets.ts'

/** The front doors of which every function has an example. */
const DOORS = frontDoors.filter((door) => door !== 'osier/promises')

/** What a front door exports, and in MicroPython's case its `vfs`. */
async function exportsOf(door: string): Promise<[name: string, value: unknown][]> {
  const { vfs = {}, ...all } = (await import(door)) as Record<string, unknown>
  return [...Object.entries(all), ...Object.entries(vfs as object)]
}

/** The names of the functions behind all front doors, and of the classes that are for a program to construct. */
async function functionsOfDoors(): Promise<Set<string>> {
  const all = (await Promise.all(frontDoors.map(exportsOf))).flat()
  const functions = all.filter(([name, value]) => {
    return (
      typeof value === 'function' && !(value.prototype instanceof Error) && !(name in internalClasses) && isHere(value)
    )
  })
  return new Set(functions.map(([name]) => name))
}

/** All names in a program outside of strings, whatever they mean: `exit` of `const { exit } = sjs` is among them. */
function namesIn(program: string): string[] {
  return program.replaceAll(/'[^'\n]*'/g, '').match(/[A-Za-z_]\w*/g) ?? []
}

/** Whether this is a function or class, and one that is not lacking here. */
function isHere(value: unknown): boolean {
  if (typeof value !== 'function') return false
  try {
    return os.is_available(value as () => unknown)
  } catch {
    // Not of `os`, or a class.
    return true
  }
}

const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_NO_WARNINGS: '1' }
const folder = temporaryFolder()
const examples = docExamples()
const wrong = examples.length
const complaints = compileAll(folder, [
  ...examples.map(({ program }) => program),
  programOf("os.fspath('a') // => 'b'", 'osier'),
])

/** What was wrong with each of these examples, which run one after the other in one process. */
function problemsOf(indices: readonly number[]): Map<number, string> {
  const runner = new URL('./support/run_examples.js', import.meta.url).pathname
  const child = spawnSync(process.execPath, [runner, folder, ...indices.map(String)], {
    ...{ encoding: 'utf8', env, timeout: 120_000 },
  })
  const reports = child.stdout.split('\n').filter((line) => line.startsWith('{"index"'))
  const problems = new Map(
    reports.map((line) => {
      const { index, problem } = JSON.parse(line) as { index: number; problem: string }
      return [index, problem]
    }),
  )
  const ended = `its process ended: ${child.status ?? child.signal} ${child.stderr}`
  for (const index of indices) if (!problems.has(index)) problems.set(index, ended)
  return problems
}

/** What was wrong with an example that has a process to itself, and may end it. */
async function problemAlone(index: number): Promise<string> {
  const ends = examples[index]?.name === 'abort' ? 'SIGABRT' : 0
  const child = spawn(process.execPath, ['../program.js'], {
    ...{ cwd: mkdtempSync(`${folder}/example${index}/`), env, timeout: 60_000 },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.stderr.setEncoding('utf8')
  const [errors, [status, signal]] = await Promise.all([child.stderr.toArray(), once(child, 'close')])
  return (signal ?? status) === ends ? '' : `it ended with ${signal ?? status}: ${errors.join('')}`
}

describe('the examples of the doc comments', { concurrency: 2 }, async () => {
  test('can be compiled', () => {
    const readable = complaints.replaceAll(/^example(\d+)/gm, (_, index) => examples[Number(index)]?.place ?? '')
    assert.equal(readable, '')
  })

  test('are found out where they do not hold', () => {
    assert.match(problemsOf([wrong]).get(wrong) ?? '', /AssertionError/)
  })

  test('are there for every function and class', async () => {
    const shown = new Set(examples.map(({ door, name }) => `${door} ${name}`))
    const doors = await Promise.all(DOORS.map(async (door) => [door, await exportsOf(door)] as const))
    // Some things are behind two doors, or have two names, such as OSError and error.
    const done = new Set(
      doors.flatMap(([door, all]) => all.filter(([name]) => shown.has(`${door} ${name}`)).map(([, value]) => value)),
    )
    for (const [door, all] of doors) {
      const here = all.filter(([, value]) => isHere(value))
      const names = new Set(here.filter(([, value]) => done.has(value)).map(([name]) => name))
      assert.deepEqual(
        examplesLacking(
          door,
          here.map(([name]) => name),
          names,
        ),
        [],
      )
    }
  })

  test('call functions of which it is said what they may do', async () => {
    const names = [...(await functionsOfDoors())]
    assert.deepEqual([...harmUnstated(names), ...harmWithoutNeed(names)], [])
  })

  const known = await functionsOfDoors()
  const isAlone = ({ door, program }: DocExample): boolean =>
    namesIn(program).some((name) => known.has(name) && !leavesProcessAsItWas(name)) ||
    // MicroPython's os has a current directory of its own, which the next example does not expect.
    (door === 'osier/micropython' && program.includes('.chdir('))
  const together = problemsOf([...examples.keys()].filter((index) => !isAlone(examples[index] as DocExample)))
  for (const [index, example] of examples.entries()) {
    test(example.place, async () => {
      const problem = isAlone(example) ? await problemAlone(index) : together.get(index)
      assert.equal(problem, '', example.program)
    })
  }
})
