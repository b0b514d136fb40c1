import { statSync } from 'node:fs'
import { Module } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { getSystemErrorMap } from 'node:util'

/** Running code that is not typed at a prompt: `await` works at its top level, and errors end the process. */

/** What the program is to find in `process.argv`: itself, then its arguments. */
function setArguments(args: readonly string[]): void {
  process.argv.splice(1, process.argv.length, ...args)
}

/**
 * Runs code.
 *
 * @param code JavaScript; `await import()` and `require()` get it modules, as seen from the current directory
 * @param name what errors call it
 * @param args for its `process.argv`, itself first
 */
export async function runCode(code: string, name: string, args: readonly string[]): Promise<void> {
  setArguments(args)
  const program = new Program(name)
  program.filename = resolve(name)
  program.paths = Program._nodeModulePaths(process.cwd())
  // A first line that names an interpreter is a comment, and so keeps the lines' numbers.
  const body = code.replace(/^#!/, '//')
  program._compile(`module.exports = (async () => {${body}\n})()`, program.filename)
  await program.exports
}

/** The part of Node's modules that `node -e` stands on too: only code compiled so can `import()` without a warning. */
interface CompiledModule {
  filename: string
  paths: string[]
  readonly exports: unknown
  _compile(code: string, filename: string): void
}
const Program = Module as unknown as {
  new (id: string): CompiledModule
  _nodeModulePaths(folder: string): string[]
}

/** What the user has typed cannot be done: to be said in a line. */
export class UsageError extends Error {}

/**
 * Runs a file as a module.
 *
 * @throws UsageError if there is no such file
 */
export async function runFile(file: string, args: readonly string[]): Promise<void> {
  const path = resolve(file)
  checkFile(file, path)
  setArguments([path, ...args.slice(1)])
  await import(pathToFileURL(path).href)
}

/** Refuses what cannot be run, before Node's loader does so with a stack trace of its own. */
function checkFile(file: string, path: string): void {
  let isDirectory: boolean
  try {
    isDirectory = statSync(path).isDirectory()
  } catch (error) {
    const [, text] = getSystemErrorMap().get((error as NodeJS.ErrnoException).errno ?? 0) ?? []
    throw new UsageError(`cannot open '${file}': ${text ?? String(error)}`)
  }
  if (isDirectory) throw new UsageError(`'${file}' is a directory`)
}

/** Runs what comes from standard input, once all of it is there. */
export async function runInput(args: readonly string[]): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of process.stdin) pieces.push(Buffer.from(piece as Buffer))
  await runCode(Buffer.concat(pieces).toString(), '<stdin>', args.length === 0 ? ['-'] : args)
}
