import { homedir } from 'node:os'
import { join } from 'node:path'
import { type REPLServer, start } from 'node:repl'
import { makedirs } from '../os/files/directories.ts'
import { VERSION } from '../release.ts'
import { type Dialect, defineScope } from './scope.ts'

/**
 * Starts the prompt, and returns when it is closed. It is Node's REPL with `os` in scope: with `await`, completion,
 * history, and Ctrl-C, which interrupts running code.
 */
export async function startRepl(dialect: Dialect): Promise<void> {
  process.stdout.write(`osier ${VERSION}, Node ${process.version}: ${dialect.name}, vfs and path are in scope\n`)
  const server = start({ prompt: dialect.prompt, useGlobal: true, breakEvalOnSigint: true, terminal: terminal() })
  defineScope(server.context, dialect)
  server.on('reset', (context: object) => defineScope(context, dialect))
  await setUpHistory(server)
  await new Promise<void>((resolve) => server.once('exit', resolve))
  // Ends background work too, as Node's REPL does.
  process.exit()
}

/** Line editing needs a terminal for input and output; input from a pipe is not edited. */
function terminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.TERM !== 'dumb'
}

function setUpHistory(server: REPLServer): Promise<void> {
  const file = historyFile()
  if (file === null || !terminal()) return Promise.resolve()
  // Node reports a history file that cannot be opened. The prompt starts without it.
  return new Promise((resolve) => server.setupHistory(file, () => resolve()))
}

/**
 * Returns the history file, in the state directory of the XDG Base Directory Specification; null if the directory
 * cannot be created.
 */
function historyFile(): string | null {
  const { XDG_STATE_HOME } = process.env
  const state = XDG_STATE_HOME?.startsWith('/') ? XDG_STATE_HOME : join(homedir(), '.local', 'state')
  const folder = join(state, 'osier')
  try {
    // Not `fs.mkdirSync`, which does not return for a directory such as /proc, in which nothing can be created.
    makedirs(folder, { mode: 0o700, exist_ok: true })
    return join(folder, 'history')
  } catch {
    return null
  }
}
