import { lastErrno, osError } from '../call.ts'
import { constants } from '../facts.ts'
import { libc } from '../functions.ts'
import { scratch, scratchAddress } from '../memory.ts'

/** A pipe with close-on-exec set. Each end is closed once, even if that is requested twice; a closed end is -1. */
export class Pipe {
  readEnd = -1
  writeEnd = -1

  /** @throws OSError where no descriptors are free */
  open(): void {
    if (libc.pipe2(scratchAddress, constants.O_CLOEXEC) !== 0) throw osError(lastErrno(), 'fork')
    this.readEnd = scratch.readInt32LE(0)
    this.writeEnd = scratch.readInt32LE(4)
  }

  /** Marks the write end as closed, where it has been closed by its number. */
  forgetWriteEnd(): void {
    this.writeEnd = -1
  }

  closeReadEnd(): void {
    if (this.readEnd !== -1) libc.close(this.readEnd)
    this.readEnd = -1
  }

  closeWriteEnd(): void {
    if (this.writeEnd !== -1) libc.close(this.writeEnd)
    this.writeEnd = -1
  }

  close(): void {
    this.closeReadEnd()
    this.closeWriteEnd()
  }
}
