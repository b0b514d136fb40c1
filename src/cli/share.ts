import { randomBytes } from 'node:crypto'
import { type BigIntStats, lstatSync, statSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { resolve } from 'node:path'
import { OSError, quoted } from '../errors.ts'
import { constants } from '../libc/facts.ts'
import { dupterm, TerminalListener } from '../micropython/dupterm.ts'
import type { Listening } from '../micropython/dupterm_line.ts'
import { close, open } from '../os/descriptors/open_close.ts'
import { has } from '../properties.ts'
import { UsageError } from './run.ts'

/**
 * Duplicates the terminal on a device, on a Unix socket, or on a TCP port of this machine. Input from there runs with
 * the permissions of this process.
 *
 * @param where the path of a device or a pty; the path of a socket to create, with mode 0600; or a port number, 0 for a
 *   free port: the first line of a connection must be the token that is printed
 * @param index the slot
 */
export async function shareTerminal(where: string, index: number): Promise<void> {
  if (/^\d+$/.test(where)) await sharePort(Number(where), index)
  else if (isSocket(where)) await shareSocket(resolve(where), where, index)
  else shareDevice(where, index)
}

/** Reports whether a path is a socket, or does not exist yet. A missing path in /dev is treated as a device. */
function isSocket(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return !resolve(path).startsWith('/dev/')
  if (!found.isSocket() && !found.isCharacterDevice())
    throw new UsageError(`${quoted(path)} is neither a device nor a socket`)
  return found.isSocket()
}

function status(path: string): BigIntStats | null {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
}

function shareDevice(path: string, index: number): void {
  const fd = openDevice(path)
  try {
    dupterm(fd, index)
  } finally {
    close(fd)
  }
}

function openDevice(path: string): number {
  try {
    return open(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  } catch (error) {
    if (!(error instanceof OSError)) throw error
    throw new UsageError(`cannot open ${quoted(path)}: ${error.strerror}`)
  }
}

async function sharePort(port: number, index: number): Promise<void> {
  const token = randomBytes(24).toString('base64url')
  if (port > 65535) throw new UsageError(`there is no port ${port}`)
  const taken = await listen({ port, token }, index)
  process.stderr.write(`osier: the terminal is on 127.0.0.1, port ${taken}; the first line has to be ${token}\n`)
}

async function shareSocket(path: string, shown: string, index: number): Promise<void> {
  await removeAbandoned(path)
  await listen({ path }, index)
  const made = status(path)
  const owner = process.pid
  process.on('exit', () => {
    // Do not remove it in a forked child, and do not remove another file that has replaced it.
    const now = process.pid === owner ? status(path) : null
    if (now !== null && now.ino === made?.ino && now.dev === made.dev) unlinkSync(path)
  })
  process.stderr.write(`osier: the terminal is on the socket ${quoted(shown)}\n`)
}

/** Listens, and duplicates the terminal on the listener. @returns the port */
async function listen(
  where: { readonly path: string } | { readonly port: number; readonly token: string },
  index: number,
): Promise<number> {
  const result = await new Promise<Listening>((settle) => dupterm(new TerminalListener(where, settle), index))
  if (has(result, 'failed')) throw new UsageError(`cannot listen: ${result.failed}`)
  return result.port
}

/** Removes a socket of this user on which no process listens any more, because its process was killed. */
async function removeAbandoned(path: string): Promise<void> {
  const found = status(path)
  if (found === null || found.uid !== BigInt(process.geteuid?.() ?? -1)) return
  const code = await new Promise<string | undefined>((settle) => {
    const socket = connect(path, () => {
      socket.destroy()
      settle(undefined)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code))
  })
  if (code === 'ECONNREFUSED') unlinkSync(path)
}
