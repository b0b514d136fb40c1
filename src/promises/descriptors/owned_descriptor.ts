import { addCloseListener } from '../../event_loop/descriptor_events.ts'
import { osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { scratch, scratchAddress } from '../../libc/memory.ts'
import { close } from '../../os/descriptors/open_close.ts'

/** The owned descriptors, by number. A number that is lost is not in it any more. */
const owned = new Map<number, Set<OwnedDescriptor>>()
let isListening = false

const { st_dev, st_ino } = structs.stat.offsets

/** Device and inode of an open file; undefined where the descriptor is not open. */
function identityOf(fd: number): string | undefined {
  if (libc.fstatat(fd, '', scratchAddress, constants.AT_EMPTY_PATH) === -1) return undefined
  return `${scratch.readBigUInt64LE(st_dev)}:${scratch.readBigUInt64LE(st_ino)}`
}

/**
 * A descriptor that a stream owns, and closes once. When other code closes it, the stream has lost it: the number may
 * belong to another file at any time after that, and is neither read, written nor closed.
 */
export class OwnedDescriptor {
  readonly #fd: number
  readonly #identity: string | undefined
  #isLost = false

  constructor(fd: number) {
    this.#fd = fd
    this.#identity = identityOf(fd)
    if (!isListening) listen()
    const others = owned.get(fd)
    if (others === undefined) owned.set(fd, new Set([this]))
    else others.add(this)
  }

  /**
   * The number of the descriptor.
   *
   * @throws OSError EBADF where the descriptor is closed, or its number belongs to another file
   */
  get number(): number {
    // A close by other means (`fs.closeSync`, another thread) is not reported, but shows in the identity of the file.
    if (!this.#isLost && identityOf(this.#fd) === this.#identity) return this.#fd
    this.release()
    throw osError(errnoNumbers.EBADF, 'read', this.#fd)
  }

  /** Closes the descriptor, unless it is closed or lost already. */
  close(): void {
    if (this.#isLost || this.#identity === undefined || identityOf(this.#fd) !== this.#identity) {
      this.release()
      return
    }
    this.release()
    try {
      close(this.#fd)
    } catch {
      // A failed close(2) has released the descriptor all the same.
    }
  }

  /** Gives the descriptor up without closing it. */
  release(): void {
    this.#isLost = true
    const others = owned.get(this.#fd)
    others?.delete(this)
    if (others?.size === 0) owned.delete(this.#fd)
  }
}

function listen(): void {
  isListening = true
  addCloseListener(closed)
}

function closed(first: number, last: number): void {
  if (first === last) {
    for (const descriptor of owned.get(first) ?? []) descriptor.release()
    return
  }
  for (const [fd, descriptors] of owned) {
    if (fd >= first && fd <= last) for (const descriptor of descriptors) descriptor.release()
  }
}
