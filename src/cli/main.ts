#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { printable } from '../errors.ts'
import { VERSION } from '../release.ts'
import { doctor } from './doctor.ts'
import { startRepl } from './repl.ts'
import { runCode, runFile, runInput, UsageError } from './run.ts'
import { type Dialect, defineScope, dialects } from './scope.ts'
import { shareTerminal } from './share.ts'
import { tour } from './tour.ts'

const USAGE = `osier ${VERSION}: Python's os in TypeScript

Usage:
  osier [options]                  a prompt with os, vfs and path in scope
  osier [options] FILE [ARGS]      runs a file, with the same in scope
  osier [options] -c CODE [ARGS]   runs code (--code)
  osier [options] < FILE           runs code from standard input
  osier doctor [--json]            what this platform offers, name by name
  osier tour [NAMES]               small programs: all, or those named

Options:
  --micropython       os is that of MicroPython, and open its open
  --dupterm WHERE     repeats the terminal; may be given several times. What is
                      typed there runs with your rights. WHERE is
                      a path: a device or a pty (/dev/ttyUSB0), or a Unix
                      socket to make, which only you can open (mode 0600);
                      a number: a TCP port of this machine, which every user
                      and web page here can reach: the first line has to be
                      the token that osier prints
  -i, --interactive   a prompt, though standard input is no terminal
  -h, --help          this
  -V, --version       the version
`

interface Options {
  readonly dialect: Dialect
  readonly share: readonly string[]
  readonly code: string | undefined
  readonly interactive: boolean
  readonly help: boolean
  readonly version: boolean
  /** The words after the options: a command, or a file, and its arguments. */
  readonly rest: readonly string[]
}

const OPTIONS = {
  micropython: { type: 'boolean' },
  dupterm: { type: 'string', multiple: true },
  code: { type: 'string', short: 'c' },
  interactive: { type: 'boolean', short: 'i' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const

/**
 * osier's options end at the first word that is not an option, or after CODE. The words after that belong to the
 * program.
 */
function splitArguments(args: readonly string[]): [own: string[], rest: string[]] {
  let at = 0
  while (at < args.length) {
    const word = args[at] ?? ''
    if (word === '--') return [args.slice(0, at), args.slice(at + 1)]
    if (word === '-c' || word === '--code') return [args.slice(0, at + 2), args.slice(at + 2)]
    if (/^(-c|--code=)/.test(word)) return [args.slice(0, at + 1), args.slice(at + 1)]
    if (!word.startsWith('-') || word === '-') break
    at += word === '--dupterm' ? 2 : 1
  }
  return [args.slice(0, at), args.slice(at)]
}

function readOptions(args: readonly string[]): Options {
  const [own, rest] = splitArguments(args)
  const { values } = parseArgs({ args: own, options: OPTIONS, strict: true })
  return {
    dialect: values.micropython ? dialects.micropython : dialects.python,
    share: values.dupterm ?? [],
    code: values.code,
    interactive: values.interactive ?? false,
    help: values.help ?? false,
    version: values.version ?? false,
    rest,
  }
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args)
  const { dialect, code, rest } = options
  if (options.help) process.stdout.write(USAGE)
  else if (options.version) process.stdout.write(`${VERSION}\n`)
  else if (code === undefined && rest[0] === 'doctor') doctor(rest.slice(1))
  else if (code === undefined && rest[0] === 'tour') tour(rest.slice(1))
  else {
    for (const [index, where] of options.share.entries()) await shareTerminal(where, index)
    defineScope(globalThis, dialect)
    if (code !== undefined) await runCode(code, '<string>', ['-c', ...rest])
    else if (rest[0] !== undefined && rest[0] !== '-') await runFile(rest[0], rest)
    else if (process.stdin.isTTY || options.interactive) await startRepl(dialect)
    else await runInput(rest)
  }
}

function isUsageError(error: unknown): error is Error {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code
  return error instanceof UsageError || (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS'))
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!isUsageError(error)) throw error
  process.stderr.write(`osier: ${printable(error.message)}\nTry 'osier --help'.\n`)
  process.exitCode = 2
}
