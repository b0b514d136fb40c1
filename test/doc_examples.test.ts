/** The examples in doc comments are compiled, run, and give what they say. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { type DocExample, docExamples, programOf } from './support/doc_examples.ts'
import { temporaryFolder } from './support/folder.ts'
import { compileAll } from './support/snippets.ts'

/** What changes its process for good, or ends it, has a process of its own. */
const ALONE = /\.(exec[lv]p?e?|_exit|abort|fork\w*|chroot|sets?id|set(re|res|e)?[ug]id|login_tty|nice|unshare|setns)\(/

const folder = temporaryFolder()
const examples = docExamples('src')
const wrong = examples.length
const complaints = compileAll(folder, [
  ...examples.map(({ program }) => program),
  programOf("os.fspath('a') // => 'b'", 'osier'),
])

/** What was wrong with each of these examples, which run one after the other in one process. */
function problemsOf(indices: readonly number[]): Map<number, string> {
  const runner = new URL('./support/run_examples.js', import.meta.url).pathname
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_NO_WARNINGS: '1' }
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

/** An example that ends its process by itself says so by how it ends. */
function problemAlone(index: number): string {
  const { program } = examples[index] as DocExample
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_NO_WARNINGS: '1' }
  const child = spawnSync(process.execPath, [`${folder}/example${index}/program.js`], {
    ...{ cwd: `${folder}/example${index}`, encoding: 'utf8', env, timeout: 60_000 },
  })
  const aborts = /\.abort\(/.test(program)
  if (aborts ? child.signal === 'SIGABRT' : child.status === 0) return ''
  return `it ended with ${child.status ?? child.signal}: ${child.stderr}`
}

describe('the examples of the doc comments', () => {
  test('can be compiled', () => {
    const readable = complaints.replaceAll(/^example(\d+)/gm, (_, index) => examples[Number(index)]?.place ?? '')
    assert.equal(readable, '')
  })

  test('are found out where they do not hold', () => {
    assert.match(problemsOf([wrong]).get(wrong) ?? '', /AssertionError/)
  })

  const isAlone = ({ program }: DocExample): boolean => ALONE.test(program)
  const together = problemsOf([...examples.keys()].filter((index) => !isAlone(examples[index] as DocExample)))
  for (const [index, example] of examples.entries()) {
    test(example.place, () => {
      const problem = isAlone(example) ? problemAlone(index) : together.get(index)
      assert.equal(problem, '', example.program)
    })
  }
})
