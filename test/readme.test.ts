/** What the papers say, held against the code: examples are compiled and run, tables compared, links followed. */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import os from 'osier'
import { frontDoors } from '../tools/front_doors.ts'
import { inRepository } from '../tools/repository.ts'
import { noAttributes } from './support/attributes.ts'
import { temporaryFolder } from './support/folder.ts'
import { noPython } from './support/python.ts'
import { onlyNode } from './support/runtime.ts'
import { compileAll, folderOf } from './support/snippets.ts'

interface Example {
  /** Where it stands, such as `README.md:21`. */
  readonly place: string
  readonly program: string
  /** The same in Python: the block before it, where there is one. */
  readonly python: string | undefined
  /** What they print: the block after it, where there is one. */
  readonly output: string | undefined
}

const notLinux: string | false = process.platform === 'linux' ? false : 'the list is of what Linux lacks'
const docs = readdirSync(inRepository('docs')).map((name) => join('docs', name))
const readme = readFileSync(inRepository('README.md'), 'utf8')
const contributing = readFileSync(inRepository('CONTRIBUTING.md'), 'utf8')

function examplesOf(paper: string): Example[] {
  const text = readFileSync(inRepository(paper), 'utf8')
  const blocks = text.matchAll(/(?:^```py\n(.*?)^```\n\n)?^```ts\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms)
  return Array.from(blocks, ({ index, 1: python, 2: program = '', 3: output }) => {
    return { place: `${paper}:${text.slice(0, index).split('\n').length}`, program, python, output }
  })
}

/** The file that a block is quoted from, where its first line names one. */
const QUOTED = /^\/\/ (\S+\.ts)\n/

const folder = temporaryFolder()
const all = ['README.md', 'CONTRIBUTING.md', ...docs].flatMap(examplesOf)
const examples = all.filter(({ program }) => !QUOTED.test(program))

/** Runs a program in an empty folder: its status, what it complains of, and what it prints. */
async function run(cwd: string, command: string, ...args: string[]): Promise<[unknown, string, string]> {
  mkdirSync(cwd)
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, PYTHONUTF8: '1' }
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
  const streams = [child.stderr, child.stdout].map((stream) => text(stream))
  const [status, signal] = await once(child, 'close')
  const [stderr = '', stdout = ''] = await Promise.all(streams)
  return [status ?? signal, stderr, stdout]
}

/** What Python prints of booleans, and of nothing. */
function inOurWords(text: string): string {
  return text.replace(/\b(True|False)\b/g, (word) => word.toLowerCase()).replace(/\bNone\b/g, 'null')
}

describe('the examples', { concurrency: 2 }, () => {
  const complaints = compileAll(
    folder,
    examples.map(({ program }) => program),
  )

  const otherConsole = onlyNode('its console.log writes objects in another way')

  test('can be compiled', () => {
    const readable = complaints.replaceAll(/^example(\d+)/gm, (_, index) => examples[Number(index)]?.place ?? '')
    assert.ok(examples.length > 0)
    assert.equal(readable, '')
  })

  for (const [index, { place, program, python, output }] of examples.entries()) {
    const skip = otherConsole || (program.includes('setxattr') && noAttributes(folder, 10))
    test(`${place} runs, and prints what stands below it`, { skip }, async () => {
      const [status, stderr, stdout] = await run(
        join(folderOf(folder, index), 'here'),
        process.execPath,
        '../program.js',
      )
      assert.deepEqual([status, stderr], [0, ''], program)
      // A test prints its own account, with times in it.
      if (output !== undefined || !program.includes("'node:test'")) assert.equal(stdout, output, program)
    })
    if (python === undefined) continue
    test(`${place} prints the same in Python`, { skip: noPython }, async () => {
      const ran = await run(join(folderOf(folder, index), 'there'), 'python3', '-c', python)
      assert.deepEqual([...ran.slice(0, 2), inOurWords(ran[2])], [0, '', output], python)
    })
  }
})

test('no program in the papers goes untested', () => {
  for (const paper of ['README.md', 'CONTRIBUTING.md', ...docs]) {
    for (const [, language = ''] of readFileSync(inRepository(paper), 'utf8').matchAll(/^```(\S*)\n(?:.*?)^```$/gms)) {
      assert.ok(['ts', 'text', 'py', 'sh'].includes(language), `${paper} has a block of "${language}"`)
    }
    const python = readFileSync(inRepository(paper), 'utf8').split('```py\n').length - 1
    assert.equal(all.filter((one) => one.place.startsWith(paper) && one.python !== undefined).length, python, paper)
  }
})

test('what is quoted from a source stands there', () => {
  for (const { program } of all) {
    const [line, file] = QUOTED.exec(program) ?? []
    if (line === undefined || file === undefined) continue
    assert.ok(
      readFileSync(inRepository(file), 'utf8').includes(program.slice(line.length)),
      `${file} does not contain\n${program}`,
    )
  }
})

test('the places that are listed exist', () => {
  const places = rowsOf(contributing, 'place').flatMap(([cell = '']) => cell.split(', '))
  assert.ok(places.length > 10)
  for (const place of places)
    assert.ok(existsSync(inRepository(place)), `CONTRIBUTING.md names ${place}, which does not exist`)
})

test('the files of this repository that a paper names exist', () => {
  // The page of the matrix names test files by parts of their paths.
  for (const paper of ['README.md', 'CONTRIBUTING.md', ...docs].filter((one) => one !== 'docs/platforms.md')) {
    const words = readFileSync(inRepository(paper), 'utf8').matchAll(
      /`((?:src|test|tools|docs|examples|bench)\/[\w./-]*)`/g,
    )
    for (const [, place = ''] of words)
      assert.ok(existsSync(inRepository(place)), `${paper} names ${place}, which does not exist`)
  }
})

test('the commands that are listed exist', () => {
  const { scripts } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as {
    scripts: Record<string, unknown>
  }
  const names = [readme, contributing].flatMap((text) => [...text.matchAll(/npm (?:run )?([a-z]+)/g)])
  for (const [command, name = ''] of names) {
    if (!['install', 'ci', 'may'].includes(name)) assert.ok(name in scripts, command)
  }
})

/** The rows of the table whose head is `| head |`: cells without the back-quotes. */
function rowsOf(text: string, head: string): string[][] {
  const table = text.slice(text.indexOf(`| ${head} |`)).split('\n\n')[0] ?? ''
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
}

/** The rows of the page of figures: osier's time divided by each contestant's, by what was measured and against what. */
function ratios(): Map<string, string> {
  const page = readFileSync(inRepository('docs/performance.md'), 'utf8')
  const rows = page.matchAll(/^\| (\S.*?) *\| (\S.*?) *\| [^|]* \| [^|]* \| *([\d.]+) \|/gm)
  return new Map([...rows].map(([, work = '', against = '', ratio = '']) => [`${work}: ${against}`, ratio]))
}

test('the figures of the README stand on the page of figures', () => {
  const measured = [...ratios()]
  const rows = rowsOf(readme, 'work')
  assert.ok(rows.length > 3)
  for (const [work = '', python, node] of rows) {
    const of = (contestant: RegExp): string | undefined =>
      measured.find(([row]) => row.startsWith(`${work}: `) && contestant.test(row.slice(work.length)))?.[1]
    assert.deepEqual([python, node], [of(/CPython/), of(/fs\.|process\.|crypto\./)], work)
  }
})

test('the README lists every front door, and no other', () => {
  assert.deepEqual(
    rowsOf(readme, 'import')
      .map(([door]) => door)
      .sort(),
    [...frontDoors].sort(),
  )
})

type Elsewhere = Readonly<Record<string, readonly string[]>>

/** What Linux lacks, by the inventory of Python's documentation: the name, and where it exists. */
function lacking(): Map<string, string> {
  const modules = JSON.parse(readFileSync(inRepository('test/fixtures/inventory.json'), 'utf8')) as Record<
    string,
    unknown
  >
  const chapters = Object.values(modules).flatMap((module) =>
    typeof module === 'object' ? Object.values(module ?? {}) : [],
  )
  const all = chapters.flatMap(({ elsewhere = {} }: { elsewhere?: Elsewhere }) => Object.entries(elsewhere))
  return new Map(all.map(([name, platforms]) => [name.replace(/^.*\./, ''), platforms.join(', ') || '-']))
}

test('what Linux lacks is listed, with where it exists', () => {
  const text = readFileSync(inRepository('docs/not-implemented.md'), 'utf8')
  const rows = [...text.matchAll(/^\| (`.*?) \| (.*?) \| (.*?) \|$/gm)]
  const listed = rows.flatMap(([, names = '', platforms = '']) =>
    [...names.replace(/\(.*\)/, '').matchAll(/`(\w+)`/g)].map(([, name = '']): [string, string] => [name, platforms]),
  )
  assert.deepEqual(listed.sort(), [...lacking()].sort())
})

test('what is listed as lacking is lacking, and what is lacking is listed', { skip: notLinux }, () => {
  const names = new Set(lacking().keys())
  for (const [name, value] of Object.entries(os)) {
    const isHere = typeof value === 'function' ? os.is_available(value as () => void) : value !== undefined
    if (names.has(name)) assert.ok(!isHere, `${name} is there`)
    else if (typeof value === 'function') assert.ok(isHere, `${name} is lacking, and not listed`)
  }
})

test('the guide lists all names, as the code has them', () => {
  const guide = readFileSync(inRepository('docs/from-python.md'), 'utf8')
  for (const name of Object.keys(os)) {
    if (name === 'default') continue
    assert.match(guide, new RegExp(`\`(os\\.)?${name}[\`(]`), `${name}: run npm run names, for docs/from-python.md`)
  }
  const { status, stderr } = spawnSync(process.execPath, [inRepository('build/tools/names/generate.js'), '--check'], {
    encoding: 'utf8',
  })
  assert.deepEqual([status, stderr], [0, ''])
})

test('links within the papers lead somewhere', () => {
  for (const paper of ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs]) {
    for (const [, target = ''] of readFileSync(inRepository(paper), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      assert.ok(existsSync(inRepository(dirname(paper), target)), `${paper} links to ${target}`)
    }
  }
})
