import type { errnoNumbers } from '../../libc/facts.ts'

/**
 * An error inside littlefs. The caller, which has the operation and the path, converts it to an OSError. In littlefs
 * only errors of the device are OSErrors.
 */
export class Failure extends Error {
  readonly code: keyof typeof errnoNumbers

  constructor(code: keyof typeof errnoNumbers) {
    super(code)
    this.code = code
  }
}

/** The data on the disk is inconsistent. MicroPython reports the same number: 84, EILSEQ. */
export function corrupt(): Failure {
  return new Failure('EILSEQ')
}

/** A block does not retain data, or the device reports it as bad: another block has to be used. */
export class BadBlock extends Failure {
  constructor() {
    super('EILSEQ')
  }
}
