import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Program, programs } from './programs.ts'

// Runs the programs beside this one, each as a process of its own, as `node dist/tour/walk.js PATH` does.

const WIDTH = 80
const project = dirname(fileURLToPath(import.meta.resolve('osier/package.json')))
const folder = import.meta.dirname
const coloured = process.stdout.isTTY && process.stdout.hasColors()

/** Set when standard output is closed. The program that is running then still completes. */
let stopped = false

// The reader of the pipe may stop reading, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  stopped = true
})
process.on('SIGINT', () => {
  stopped = true
  process.exitCode = 130
})

function print(text: string | Buffer): void {
  if (!stopped) process.stdout.write(text)
}

function bold(text: string): string {
  return coloured ? `\x1b[1m${text}\x1b[22m` : text
}

function dim(text: string): string {
  return coloured ? `\x1b[2m${text}\x1b[22m` : text
}

function fileOf(name: string): string {
  return join(folder, `${name}.js`)
}

function heading({ name, shows, args = [] }: Program): string {
  const title = `${name}: ${shows}`
  const command = ['$ node', relative(project, fileOf(name)), ...args].join(' ')
  return `${bold(title)} ${dim('-'.repeat(WIDTH - title.length - 1))}\n${dim(command)}\n\n`
}

/** Runs one program to its end: whether it ended well. What it prints comes through a pipe, in the order of time. */
async function run({ name, args = [], folder: place }: Program): Promise<boolean> {
  const cwd = place === 'project' ? project : mkdtempSync(join(tmpdir(), 'osier-tour-'))
  try {
    // Temporary files go there too: then two tours at a time do not meet in /tmp.
    const env = place === 'project' ? process.env : { ...process.env, TMPDIR: cwd }
    const child = spawn(process.execPath, [fileOf(name), ...args], { cwd, env, stdio: ['inherit', 'pipe', 'inherit'] })
    child.stdout.on('data', print)
    const [code] = await once(child, 'close')
    return code === 0
  } finally {
    if (place === 'empty') rmSync(cwd, { recursive: true, force: true })
  }
}

function list(): string {
  return programs.map(({ name, shows }) => `  ${name.padEnd(19)}${shows}\n`).join('')
}

/** The selected programs, in the order of the tour; all programs by default. */
function chosen(words: readonly string[]): readonly Program[] {
  const unknown = words.filter((word) => !programs.some(({ name }) => name === word))
  if (unknown.length > 0) {
    process.stderr.write(`The tour has no program ${unknown.map((word) => `"${word}"`).join(', ')}, only:\n${list()}`)
    process.exit(2)
  }
  return words.length === 0 ? programs : programs.filter(({ name }) => words.includes(name))
}

const failed: string[] = []
const asked = chosen(process.argv.slice(2))
// Elsewhere the commands that the headings show would find no files.
if (project !== process.cwd()) print(`${dim(`In ${project}:`)}\n\n`)
for (const program of asked) {
  if (stopped) break
  print(heading(program))
  if (!(await run(program))) failed.push(program.name)
  print('\n')
}
if (failed.length > 0) {
  process.stderr.write(`Failed: ${failed.join(', ')}\n`)
  process.exitCode ??= 1
} else {
  const sources = join(project, 'examples/tour')
  print(`${dim(`The programs are in ${relative('.', existsSync(sources) ? sources : folder)}.`)}\n`)
}
