import { openRing, whyNoRing } from '../../src/ring/availability.ts'

openRing()

/** For a test's `skip`: why io_uring is not used here, or false. */
export const noRing: string | false = whyNoRing() !== '' && `io_uring is not used: ${whyNoRing()}`
