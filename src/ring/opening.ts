import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { libc, type Prototypes } from '../libc/functions.ts'
import { scratchAddress, uint32At } from '../libc/memory.ts'
import type { Slot } from './memory.ts'
import { type Continuation, type Operation, putString } from './operation.ts'
import type { Ring } from './ring.ts'

/**
 * openat(2) by io_uring, in one or two steps.
 *
 * The kernel adds O_NONBLOCK where it carries an open out while it is submitted. A FIFO would then be opened without
 * waiting for its other end, or fail with ENXIO. So the first step takes only what the kernel has in its cache
 * (RESOLVE_CACHED), and its result says whether a second one is needed, in which a thread of the kernel may wait.
 *
 * https://github.com/torvalds/linux/blob/v6.12/io_uring/openclose.c#L106-L167
 */

const { AT_EMPTY_PATH, IOSQE_ASYNC, RESOLVE_CACHED, S_IFIFO, S_IFMT, SEEK_CUR } = constants
const { O_ACCMODE, O_CREAT, O_DIRECTORY, O_NONBLOCK, O_PATH, O_RDONLY, O_TMPFILE, O_TRUNC } = constants
const { EAGAIN, EINVAL, ENXIO } = errnoNumbers

/** The cache alone is not sufficient for these. The first bit of O_TMPFILE is O_DIRECTORY. */
const CHANGING = O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY)
/** With these, an open never waits for the other end of a FIFO. */
const NOT_WAITING = O_DIRECTORY | O_NONBLOCK | O_PATH

/** The error numbers of the first step that say nothing about the file. Flags that openat2(2) refuses are EINVAL. */
const UNDECIDED: ReadonlySet<number> = new Set([EAGAIN, EINVAL, ENXIO])

/** The data area: a `struct open_how`, and what the second step needs, in words of 32 bits. */
const HOW = structs.open_how
const FLAGS = HOW.offsets.flags >> 2
const RESOLVE = HOW.offsets.resolve >> 2
const DIRECTORY = HOW.size >> 2
const MODE = DIRECTORY + 1
/** Whether the second step has begun. */
const IS_WAITING = DIRECTORY + 2
/** A descriptor that is closed after the second step, plus 1; 0 where there is none. */
const HELD = DIRECTORY + 3

const STATUS_MODE = structs.stat.offsets.st_mode

export const openat: Operation = {
  code: constants.IORING_OP_OPENAT2,
  data: 4 * (HELD + 1),

  add(ring: Ring, code: number, slot: Slot, args: readonly never[]): void {
    const [at, path, flags, mode] = args as unknown as Parameters<Prototypes['openat']>
    const { words } = slot
    words.fill(0, 0, HELD + 1)
    words[FLAGS] = flags
    words[RESOLVE] = RESOLVE_CACHED
    words[DIRECTORY] = at
    words[MODE] = mode
    putString(slot, path)
    if ((flags & CHANGING) !== 0) addWaiting(ring, slot)
    else ring.add(code, slot.index, at, slot.stringsAddress, HOW.size, slot.address, 0)
  },

  goesOn(ring: Ring, slot: Slot, result: number, isWanted: boolean): Continuation {
    const { words } = slot
    if (words[IS_WAITING] === 1) {
      if (words[HELD] !== 0) libc.close((words[HELD] as number) - 1)
      return 'finished'
    }
    const needsMore = result < 0 ? UNDECIDED.has(-result) : isUnfinishedFifo(words[FLAGS] as number, result)
    if (!needsMore || !isWanted) return 'finished'
    if (!ring.hasRoom) {
      if (result >= 0) libc.close(result)
      return 'elsewhere'
    }
    // A writer that has seen the reader keeps it until the second descriptor is there.
    if (result >= 0) words[HELD] = result + 1
    addWaiting(ring, slot)
    return 'again'
  },
}

function addWaiting(ring: Ring, slot: Slot): void {
  const { words } = slot
  words[IS_WAITING] = 1
  const at = (words[DIRECTORY] as number) | 0
  const [mode = 0, flags = 0] = [words[MODE], words[FLAGS]]
  ring.add(constants.IORING_OP_OPENAT, slot.index, at, slot.stringsAddress, mode, 0, flags, 0, IOSQE_ASYNC)
}

/** Whether a FIFO has been opened for reading without waiting for a writer. */
function isUnfinishedFifo(flags: number, fd: number): boolean {
  if ((flags & O_ACCMODE) !== O_RDONLY || (flags & NOT_WAITING) !== 0) return false
  // This takes a third of the time that fstatat takes, and fails with ESPIPE for a FIFO.
  if (libc.lseek(fd, 0, SEEK_CUR) !== -1 || libc.fstatat(fd, '', scratchAddress, AT_EMPTY_PATH) === -1) return false
  return (uint32At(STATUS_MODE) & S_IFMT) === S_IFIFO
}
