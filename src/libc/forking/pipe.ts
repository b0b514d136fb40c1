import { constants } from '../facts.ts'
import { libc } from '../functions.ts'
import { address, bytes } from '../memory.ts'

/** The ends of a pipe: to read from, to write to. */
export type Pipe = readonly [readEnd: number, writeEnd: number]

/** A pipe that no program inherits; null where there are no descriptors left. */
export function makePipe(): Pipe | null {
  if (libc.pipe2(address, constants.O_CLOEXEC) !== 0) return null
  return [bytes.readInt32LE(0), bytes.readInt32LE(4)]
}

export function closePipe(ends: Pipe): void {
  for (const end of ends) libc.close(end)
}
