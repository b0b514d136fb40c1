import { statSync } from 'node:fs'
import { Module } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { getSystemErrorMap } from 'node:util'
import { quoted } from '../errors.ts'

/** Running code from an option, a file or standard input: top-level `await` works, and errors end the process. */

/** Sets `process.argv` for the program: its name, then its arguments. */
function setArguments(args: readonly string[]): void {
  process.argv.splice(1, process.argv.length, ...args)
}

/**
 * Runs code.
 *
 * @param code JavaScript; `await import()` and `require()` resolve modules from the current directory
 * @param name the name of the code in errors
 * @param args its `process.argv`, with its name first
 */
export async function runCode(code: string, name: string, args: readonly string[]): Promise<void> {
  setArguments(args)
  const program = new Program(name)
  program.filename = resolve(name)
  program.paths = Program._nodeModulePaths(process.cwd())
  // A `#!` line becomes a comment, so that line numbers do not change.
  const body = code.replace(/^#!/, '//')
  program._compile(`module.exports = (async () => {${body}\n})()`, program.filename)
  await program.exports
}

/**
 * The method of modules that `node -e` uses too: only code compiled in this way can `import()` without a
 * warning.
 */
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

/** A mistake in the command line, reported in one line. */
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

/** Rejects files that cannot be run, before Node's loader fails with a stack trace. */
function checkFile(file: string, path: string): void {
  let isDirectory: boolean
  try {
    isDirectory = statSync(path).isDirectory()
  } catch (error) {
    const [, text] = getSystemErrorMap().get((error as NodeJS.ErrnoException).errno ?? 0) ?? []
    throw new UsageError(`cannot open ${quoted(file)}: ${text ?? String(error)}`)
  }
  if (isDirectory) throw new UsageError(`${quoted(file)} is a directory`)
}

/** Runs the code from standard input, after reading all of it. */
export async function runInput(args: readonly string[]): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of process.stdin) pieces.push(Buffer.from(piece as Buffer))
  await runCode(Buffer.concat(pieces).toString(), '<stdin>', args.length === 0 ? ['-'] : args)
}
