import { OSError } from '../errors.ts'
import { constants } from '../libc/facts.ts'
import { dupterm, TerminalPort } from '../micropython/dupterm.ts'
import { close, open } from '../os/descriptors/open_close.ts'
import { UsageError } from './run.ts'

function openDevice(path: string): number {
  try {
    return open(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  } catch (error) {
    if (!(error instanceof OSError)) throw error
    throw new UsageError(`cannot open '${path}': ${error.strerror}`)
  }
}

/**
 * Repeats the terminal on a device, or on a TCP port of this machine.
 *
 * @param where path of a device or a pty, or a port's number; 0 takes a free one
 * @param index the slot
 */
export async function shareTerminal(where: string, index: number): Promise<void> {
  if (/^\d+$/.test(where)) {
    const port = await new Promise<number>((resolve) => dupterm(new TerminalPort(Number(where), resolve), index))
    process.stderr.write(`osier: the terminal is on 127.0.0.1, port ${port}\n`)
    return
  }
  const fd = openDevice(where)
  try {
    dupterm(fd, index)
  } finally {
    close(fd)
  }
}
