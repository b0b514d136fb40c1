/** The tour: each program beside the same program in Python, on the same files; then the runner itself. */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import os from 'osier'
import { programs } from '../examples/tour/programs.ts'
import { inRepository } from '../tools/repository.ts'
import { temporaryFolder } from './support/folder.ts'
import { noPython } from './support/python.ts'
import { noFork, noPreload } from './support/runtime.ts'

const folder = temporaryFolder()
const runner = inRepository('dist/tour/run.js')

/** A tree with every type of entry, and with unusual names. */
function makeTree(): string {
  const tree = join(folder, 'tree')
  mkdirSync(join(tree, 'directory', 'inner'), { recursive: true })
  mkdirSync(join(tree, 'empty'))
  mkdirSync(join(tree, 'Upper case'))
  for (const name of [
    'plain.txt',
    'a name with blanks',
    'größe',
    '😀',
    '-dash',
    'directory/inner/deep.txt',
    '.hidden',
  ]) {
    writeFileSync(join(tree, name), name)
  }
  chmodSync(join(tree, 'plain.txt'), 0o750)
  symlinkSync('plain.txt', join(tree, 'link to a file'))
  symlinkSync('directory', join(tree, 'link to a directory'))
  symlinkSync('nowhere', join(tree, 'link to nothing'))
  os.mkfifo(join(tree, 'fifo'))
  return tree
}

const tree = makeTree()
const TMPDIR = join(tree, 'empty')

/** What both programs are given: several command lines, where one does not show all. */
const commandLines: Readonly<Record<string, readonly (readonly string[])[]>> = {
  listdir: [['.'], ['directory'], ['empty'], [tree]],
  walk: [['.'], [tree], ['empty'], ['missing'], ['plain.txt']],
  scandir: [['.'], [tree]],
  stat: [['plain.txt'], ['directory'], ['link to a file'], ['fifo']],
  symlinks: [['plain.txt'], [join(tree, 'missing')]],
  access: [['plain.txt'], ['missing'], ['link to nothing'], ['directory']],
}

/** All that is masked, since it differs from run to run. Numbers that are the same stay the same. */
const masked: Readonly<Record<string, readonly [field: string, pattern: RegExp]>> = {
  system_background: ['time', /^\d\d:\d\d:\d\d$/gm],
  fork: ['pid', /(?<=process )\d+/g],
  kill: ['pid', /(?<=signal to |Process )\d+/g],
  wait: ['pid', /(?<=Process )\d+/g],
  waitpid: ['pid', /(?<=[Pp]rocess )\d+/g],
}

/**
 * What a program prints, by speaker and masked: what several processes print at the same time comes in any order, but
 * each has an order of its own.
 */
function comparable(name: string, output: string): string[] {
  const prefixOf = (line: string): string => /^(PARENT|CHILD|WORKER \d): /.exec(line)?.[0] ?? ''
  const lines = output.split('\n')
  const grouped = [...new Set(lines.map(prefixOf))]
    .sort()
    .flatMap((one) => lines.filter((line) => prefixOf(line) === one))
  const [field, pattern] = masked[name] ?? ['', /(?!)/g]
  const seen: string[] = []
  const mask = (value: string): string => {
    if (!seen.includes(value)) seen.push(value)
    return `<${field} ${seen.indexOf(value) + 1}>`
  }
  return grouped.join('\n').replace(pattern, mask).split('\n')
}

interface Output {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

// With --permission Node warns in each process of what it permits, and of flags on trial, on standard error.
const QUIET = '--disable-warning=SecurityWarning --disable-warning=ExperimentalWarning'
const NODE_OPTIONS = 'permission' in process ? QUIET : ''
const environment = { ...process.env, NODE_OPTIONS, PYTHONUTF8: '1', PYTHONUNBUFFERED: '' }

function runIn(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Output {
  return spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...environment, ...env }, timeout: 60_000 })
}

function tour(args: readonly string[], env: NodeJS.ProcessEnv = {}): Output {
  return runIn('.', process.execPath, [runner, ...args], env)
}

/** The same, while others run. */
async function start(command: string, args: readonly string[]): Promise<Output> {
  const child = spawn(command, args, {
    cwd: TMPDIR,
    env: { ...environment, TMPDIR },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const streams = [child.stdout, child.stderr].map((stream) => text(stream))
  const [status] = (await once(child, 'close')) as [number | null]
  const [stdout = '', stderr = ''] = await Promise.all(streams)
  return { status, stdout, stderr }
}

function compare(name: string, ours: Output, python: Output): void {
  assert.deepEqual([python.status, python.stderr], [0, ''])
  assert.deepEqual([ours.status, ours.stderr], [0, ''])
  assert.deepEqual(comparable(name, ours.stdout), comparable(name, python.stdout))
}

/** For a test's `skip`: why a program that forks cannot run. */
function lacksFork(name: string): string | false {
  return readFileSync(inRepository(`examples/tour/${name}.ts`), 'utf8').includes('os.fork()') && noFork
}

// Both run on the same files, and print the same words.
for (const { name } of programs.filter((program) => !(program.name in masked))) {
  test(`${name} prints what Python prints, and leaves nothing behind`, { skip: noPython || lacksFork(name) }, () => {
    for (const args of commandLines[name] ?? [[]]) {
      const before = readdirSync(tree, { recursive: true })
      const python = runIn(tree, 'python3', [inRepository(`test/fixtures/tour/${name}.py`), ...args], { TMPDIR })
      const ours = runIn(tree, process.execPath, [inRepository(`dist/tour/${name}.js`), ...args], { TMPDIR })
      compare(name, ours, python)
      assert.deepEqual(readdirSync(tree, { recursive: true }), before)
    }
  })
}

// These take their time, and touch no files.
describe('with something masked', { concurrency: true, skip: noPython }, () => {
  for (const name of Object.keys(masked)) {
    test(`${name} prints what Python prints`, { skip: lacksFork(name) }, async () => {
      const [ours, python] = await Promise.all([
        start(process.execPath, [inRepository(`dist/tour/${name}.js`)]),
        start('python3', [inRepository(`test/fixtures/tour/${name}.py`)]),
      ])
      compare(name, ours, python)
      assert.match(comparable(name, ours.stdout).join('\n'), /<(pid|time) 1>/)
    })
  }
})

test('programs that take an argument run without one, too', () => {
  // TMPDIR because walk starts there, and /tmp may be large.
  for (const name of Object.keys(commandLines)) {
    const program = inRepository(`dist/tour/${name}.js`)
    const { status, stderr } = runIn(TMPDIR, process.execPath, [program], { TMPDIR: tree })
    assert.deepEqual([name, status, stderr], [name, 0, ''])
  }
})

test('every file beside the runner is a program of the list', () => {
  const files = readdirSync(inRepository('examples/tour')).map((file) => file.replace(/\.ts$/, ''))
  assert.deepEqual(files.sort(), [...programs.map(({ name }) => name), 'programs', 'run', 'tsconfig.json'].sort())
})

function titles(output: string): string[] {
  return [...output.matchAll(/^(\w+): .* -+$/gm)].map((match) => match[1] ?? '')
}

test('the whole tour has a section for each program, in order, without escape codes where it is piped', {
  skip: noFork,
}, () => {
  const { status, stdout, stderr } = tour([], { FORCE_COLOR: undefined, TERM: 'xterm-256color' })
  assert.deepEqual([status, stderr], [0, ''])
  assert.deepEqual(
    titles(stdout),
    programs.map(({ name }) => name),
  )
  assert.ok(!stdout.includes('\x1b'))
  for (const line of stdout.split('\n')) if (/^(\w+: .* -+|\$ .*)$/.test(line)) assert.ok(line.length <= 80, line)
})

test('words pick programs, in the order of the tour', () => {
  assert.deepEqual(titles(tour(['walk']).stdout), ['walk'])
  assert.deepEqual(titles(tour(['access', 'walk']).stdout), ['walk', 'access'])
})

test('two tours at a time do not meet', async () => {
  const tours = [0, 1, 2].map(() => spawn(process.execPath, [runner, 'symlinks', 'directories'], { stdio: 'ignore' }))
  const ends = await Promise.all(tours.map((child) => once(child, 'close')))
  assert.deepEqual(ends, Array(3).fill([0, null]))
})

test('an unknown name is refused before any program runs', () => {
  const { status, stdout, stderr } = tour(['walk', 'talk'])
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(stderr, /no program "talk"/)
  for (const { name } of programs) assert.match(stderr, new RegExp(`^ {2}${name} `, 'm'))
})

test('a program that fails makes the tour fail, and the others still run', { skip: noPreload }, () => {
  const broken = `if (process.argv[1].endsWith('/walk.js')) throw new Error('broken on purpose')`
  const { status, stdout, stderr } = tour(['listdir', 'walk', 'cwd'], {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(broken)}`,
  })
  assert.equal(status, 1)
  assert.deepEqual(titles(stdout), ['listdir', 'walk', 'cwd'])
  assert.match(stderr, /broken on purpose/)
  assert.match(stderr, /^Failed: walk$/m)
})

test('a program that a signal ends makes the tour fail', { skip: noPreload }, () => {
  const killed = `if (process.argv[1].endsWith('/walk.js')) process.kill(process.pid, 'SIGKILL')`
  const { status } = tour(['walk'], { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(killed)}` })
  assert.equal(status, 1)
})

test('a reader that stops reading ends it without an error message', async () => {
  const child = spawn(process.execPath, [runner], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, TMPDIR },
  })
  let complaints = ''
  child.stderr.on('data', (data: Buffer) => (complaints += data))
  // It stops at a program that works in a folder of its own, so that there is something to clear away.
  child.stdout.on('data', (data: Buffer) => data.includes('rename_replace:') && child.stdout.destroy())
  const [status] = await once(child, 'close')
  assert.deepEqual([status, complaints], [0, ''])
  assert.deepEqual(readdirSync(TMPDIR), [])
})

/** Runs the tour on a terminal of its own, made by Python: what comes out at the other end. */
function onTerminal(env: NodeJS.ProcessEnv): string {
  const program = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) and 1)'
  const command = ['-c', program, process.execPath, runner, 'access']
  const { status, stdout, stderr } = runIn('.', 'python3', command, { TERM: 'xterm-256color', ...env })
  assert.deepEqual([status, stderr], [0, ''])
  assert.deepEqual(titles(stdout.replace(/\x1b\[\d+m|\r/g, '')), ['access'])
  return stdout
}

test('on a terminal it is coloured, unless NO_COLOR or TERM=dumb say no', { skip: noPython }, () => {
  // Node asks these, too, whether a terminal has colours.
  const colorTerminal = {
    CI: undefined,
    FORCE_COLOR: undefined,
    NODE_DISABLE_COLORS: undefined,
    TERM: 'xterm-256color',
  }
  assert.ok(onTerminal({ ...colorTerminal, NO_COLOR: undefined }).includes('\x1b[1m'))
  assert.ok(!onTerminal({ ...colorTerminal, NO_COLOR: '1' }).includes('\x1b'))
  assert.ok(!onTerminal({ ...colorTerminal, NO_COLOR: undefined, TERM: 'dumb' }).includes('\x1b'))
})

test('there is exactly one Python program for each program of the tour', () => {
  const files = readdirSync(inRepository('test/fixtures/tour')).map((file) => file.replace(/\.py$/, ''))
  assert.deepEqual(files.sort(), programs.map(({ name }) => name).sort())
})
