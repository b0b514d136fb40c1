import type { errnoNumbers } from '../../libc/facts.ts'

/**
 * What stops an operation inside littlefs. Whoever called it knows the operation and the path, and makes an OSError of
 * it: only the device's own errors are OSErrors here.
 */
export class Failure extends Error {
  readonly code: keyof typeof errnoNumbers

  constructor(code: keyof typeof errnoNumbers) {
    super(code)
    this.code = code
  }
}

/** The contents of the disk contradict themselves. Boards give this number too: 84, EILSEQ. */
export function corrupt(): Failure {
  return new Failure('EILSEQ')
}

/** A block does not keep what is written to it, or says itself that it is broken: another one will do. */
export class BadBlock extends Failure {
  constructor() {
    super('EILSEQ')
  }
}
