import { homedir } from 'node:os'
import { join } from 'node:path'
import { type REPLServer, start } from 'node:repl'
import { makedirs } from '../os/files/directories.ts'
import { VERSION } from '../release.ts'
import { type Dialect, defineScope } from './scope.ts'

/**
 * Starts the prompt, and returns when it is left. It is Node's own, with `os` in scope: `await`, completion, history,
 * and Ctrl-C, which interrupts what runs.
 */
export async function startRepl(dialect: Dialect): Promise<void> {
  process.stdout.write(`osier ${VERSION}, Node ${process.version}: ${dialect.name}, vfs and path are in scope\n`)
  const server = start({ prompt: dialect.prompt, useGlobal: true, breakEvalOnSigint: true, terminal: terminal() })
  defineScope(server.context, dialect)
  server.on('reset', (context: object) => defineScope(context, dialect))
  await rememberHistory(server)
  await new Promise<void>((resolve) => server.once('exit', resolve))
  // As Node's own prompt does: what still runs in the background ends with it.
  process.exit()
}

/** With a terminal on either side there is line editing; what is typed into a pipe is taken as it is. */
function terminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.TERM !== 'dumb'
}

function rememberHistory(server: REPLServer): Promise<void> {
  const file = historyFile()
  if (file === null || !terminal()) return Promise.resolve()
  // A history that cannot be had is Node's to report, and no reason not to start.
  return new Promise((resolve) => server.setupHistory(file, () => resolve()))
}

/** Where the user's state is kept, by the XDG Base Directory Specification; null where it cannot be made. */
function historyFile(): string | null {
  const { XDG_STATE_HOME } = process.env
  const state = XDG_STATE_HOME?.startsWith('/') ? XDG_STATE_HOME : join(homedir(), '.local', 'state')
  const folder = join(state, 'osier')
  try {
    // Not Node's own, which never comes back from a folder such as /proc, where nothing can be made.
    makedirs(folder, { mode: 0o700, exist_ok: true })
    return join(folder, 'history')
  } catch {
    return null
  }
}
