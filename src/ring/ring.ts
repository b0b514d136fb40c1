import { lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { type Address, libc } from '../libc/functions.ts'
import { aboveStandardStreams } from '../libc/low_descriptors.ts'
import { addressOf, isAddress, viewOf } from '../libc/memory.ts'

/**
 * One instance of io_uring(7): a submission queue, from which the kernel takes operations, and a completion queue, to
 * which it adds their results. Both are memory that this process shares with the kernel.
 *
 * No thread of the kernel polls the submission queue (IORING_SETUP_SQPOLL), so each operation has the credentials of the
 * thread that submits it. No buffers are registered.
 */

const { IORING_OFF_SQ_RING, IORING_OFF_SQES, IORING_SETUP_CQSIZE, IORING_SETUP_CLAMP, IORING_ENTER_GETEVENTS } =
  constants
const { IORING_FEAT_SINGLE_MMAP, IORING_FEAT_NODROP, IORING_FEAT_RW_CUR_POS, IORING_SQ_CQ_OVERFLOW } = constants
const { IORING_REGISTER_EVENTFD, IORING_REGISTER_PROBE, IORING_REGISTER_IOWQ_MAX_WORKERS } = constants
const { IORING_OP_ASYNC_CANCEL, IO_URING_OP_SUPPORTED } = constants
const { EFD_CLOEXEC, EFD_NONBLOCK, MAP_POPULATE, MAP_SHARED, PROT_READ, PROT_WRITE } = constants
const { EINTR } = errnoNumbers

/** How many operations one system call submits at most. */
const ENTRIES = 1024
/** How many results the completion queue holds. The kernel keeps further ones until there is room (NODROP). */
const COMPLETIONS = 4096
/** The features without which osier does not use a ring: Linux 5.6 has all of them. */
const FEATURES = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_RW_CUR_POS

const PARAMS = structs.io_uring_params
const SQ = structs.io_sqring_offsets.offsets
const CQ = structs.io_cqring_offsets.offsets
const PROBE = structs.io_uring_probe
const PROBE_OP = structs.io_uring_probe_op
/** How many operations io_uring_probe is asked for: more than there are. */
const PROBED = 256

/** Offsets in an entry of the submission queue, in words of 32 bits. */
const SQE_WORDS = structs.io_uring_sqe.size >> 2
const SQE = structs.io_uring_sqe.offsets
/** The flags of the entry (IOSQE_*) are in the same word as its operation, this many bits from its start. */
const ENTRY_FLAGS = 8 * SQE.flags
const FD = SQE.fd >> 2
const OFFSET = SQE.off >> 2
const ADDRESS = SQE.addr >> 2
const LENGTH = SQE.len >> 2
const FLAGS = SQE.rw_flags >> 2
const USER_DATA = SQE.user_data >> 2
const ADDRESS3 = SQE.addr3 >> 2

const CQE_WORDS = structs.io_uring_cqe.size >> 2
const RESULT = structs.io_uring_cqe.offsets.res >> 2

/** The user data of an entry that cancels another one. Its own result is ignored. */
const CANCELLATION = -1

/**
 * How many threads of the kernel work for a ring at most: those for files, where an open of a FIFO occupies one until the
 * other end is opened, and those for devices, pipes and the like. The kernel starts them when others are waiting.
 * Without a limit there would be as many of the latter as processes are allowed.
 */
const MAX_WORKERS: readonly [bounded: number, unbounded: number] = [32, 64]

/** Is called with the user data and the result of an operation: a number, or a negated error number. */
export type Completed = (userData: number, result: number) => void

export class Ring {
  readonly fd: number
  /** Becomes readable when operations complete. */
  readonly eventFd: number
  /** The operations that the kernel has. */
  readonly operations: ReadonlySet<number>
  /** The memory of both queues, in words of 32 bits. */
  readonly #queues: Int32Array
  /** The entries of the submission queue. */
  readonly #entries: Int32Array
  readonly #entryMask: number
  readonly #entryCount: number
  readonly #submissionFlags: number
  readonly #submissionTail: number
  readonly #completionHead: number
  readonly #completionTail: number
  readonly #completions: number
  readonly #completionMask: number
  #tail = 0
  #head = 0
  /** How many entries at the end of the submission queue the kernel has not taken. */
  #unsubmitted = 0

  /** @throws OSError where the system has no io_uring, or denies it */
  constructor() {
    const params = Buffer.alloc(PARAMS.size)
    params.writeUInt32LE(IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP, PARAMS.offsets.flags)
    params.writeUInt32LE(COMPLETIONS, PARAMS.offsets.cq_entries)
    this.fd = aboveStandardStreams(libc.io_uring_setup(ENTRIES, addressOf(params)))
    if (this.fd === -1) throw osError(lastErrno(), 'io_uring_setup')
    try {
      const features = params.readUInt32LE(PARAMS.offsets.features)
      if ((features & FEATURES) !== FEATURES) throw osError(errnoNumbers.ENOSYS, 'io_uring_setup')
      const submission = (field: keyof typeof SQ): number => params.readUInt32LE(PARAMS.offsets.sq_off + SQ[field]) >> 2
      const completion = (field: keyof typeof CQ): number => params.readUInt32LE(PARAMS.offsets.cq_off + CQ[field]) >> 2
      this.#entryCount = params.readUInt32LE(PARAMS.offsets.sq_entries)
      this.#entryMask = this.#entryCount - 1
      const completions = params.readUInt32LE(PARAMS.offsets.cq_entries)
      this.#completionMask = completions - 1
      this.#submissionFlags = submission('flags')
      this.#submissionTail = submission('tail')
      this.#completionHead = completion('head')
      this.#completionTail = completion('tail')
      this.#completions = completion('cqes')
      const words = Math.max(submission('array') + this.#entryCount, this.#completions + completions * CQE_WORDS)
      this.#queues = this.#map(words, IORING_OFF_SQ_RING)
      this.#entries = this.#map(this.#entryCount * SQE_WORDS, IORING_OFF_SQES)
      // Each place of the submission queue has the entry of the same number, for good.
      for (let i = 0; i < this.#entryCount; i++) this.#queues[submission('array') + i] = i
      this.operations = this.#probe()
      this.#limitWorkers()
      this.eventFd = this.#openEventFd()
    } catch (error) {
      libc.close(this.fd)
      throw error
    }
  }

  /** The mapping is kept until the process ends: the kernel may write to it as long as an operation is under way. */
  #map(words: number, offset: number): Int32Array {
    const address = libc.mmap(0, words * 4, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, this.fd, offset)
    if (!isAddress(address)) throw osError(lastErrno(), 'mmap')
    // The child of a fork must not touch the queues of its parent.
    libc.madvise(address, words * 4, constants.MADV_DONTFORK)
    return new Int32Array(viewOf(address, words * 4))
  }

  #probe(): ReadonlySet<number> {
    const answer = Buffer.alloc(PROBE.size + PROBED * PROBE_OP.size)
    if (libc.io_uring_register(this.fd, IORING_REGISTER_PROBE, addressOf(answer), PROBED) === -1) {
      throw osError(lastErrno(), 'io_uring_register')
    }
    const operations = new Set<number>()
    for (let i = 0; i < answer.readUInt8(PROBE.offsets.ops_len); i++) {
      const at = PROBE.size + i * PROBE_OP.size
      if ((answer.readUInt16LE(at + PROBE_OP.offsets.flags) & IO_URING_OP_SUPPORTED) !== 0) {
        operations.add(answer.readUInt8(at + PROBE_OP.offsets.op))
      }
    }
    return operations
  }

  #limitWorkers(): void {
    const limits = Buffer.alloc(8)
    for (const [i, limit] of MAX_WORKERS.entries()) limits.writeUInt32LE(limit, 4 * i)
    // Linux 5.15. Before, the kernel limits the bounded ones by itself.
    libc.io_uring_register(this.fd, IORING_REGISTER_IOWQ_MAX_WORKERS, addressOf(limits), MAX_WORKERS.length)
  }

  #openEventFd(): number {
    const eventFd = aboveStandardStreams(libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    if (eventFd === -1) throw osError(lastErrno(), 'eventfd')
    const argument = Buffer.alloc(4)
    argument.writeInt32LE(eventFd)
    if (libc.io_uring_register(this.fd, IORING_REGISTER_EVENTFD, addressOf(argument), 1) === -1) {
      const errno = lastErrno()
      libc.close(eventFd)
      throw osError(errno, 'io_uring_register')
    }
    return eventFd
  }

  /** Whether another entry can be added before `submit`. */
  get hasRoom(): boolean {
    return this.#unsubmitted < this.#entryCount
  }

  /** Whether there are entries that the kernel has not taken. */
  get hasUnsubmitted(): boolean {
    return this.#unsubmitted > 0
  }

  /**
   * Adds an entry to the submission queue. The caller has checked `hasRoom`, and keeps the memory at the addresses until
   * the operation has completed.
   */
  add(
    operation: number,
    userData: number,
    fd: number,
    address: Address,
    length: number,
    offset: number | bigint,
    flags: number,
    address3: Address = 0,
    entryFlags = 0,
  ): void {
    const at = (this.#tail & this.#entryMask) * SQE_WORDS
    const entries = this.#entries
    entries.fill(0, at, at + SQE_WORDS)
    entries[at] = operation | (entryFlags << ENTRY_FLAGS)
    entries[at + FD] = fd
    putInt64(entries, at + OFFSET, offset)
    putInt64(entries, at + ADDRESS, address)
    entries[at + LENGTH] = length
    entries[at + FLAGS] = flags
    entries[at + USER_DATA] = userData
    if (address3 !== 0) putInt64(entries, at + ADDRESS3, address3)
    this.#tail = (this.#tail + 1) | 0
    this.#unsubmitted++
  }

  /** Adds an entry that cancels the operation with this user data. */
  addCancellation(userData: number): void {
    this.add(IORING_OP_ASYNC_CANCEL, CANCELLATION, -1, userData, 0, 0, 0)
  }

  /**
   * Submits the entries.
   *
   * @returns 0, or the error number for which the kernel has not taken all of them: they stay in the queue
   */
  submit(): number {
    Atomics.store(this.#queues, this.#submissionTail, this.#tail)
    while (this.#unsubmitted > 0) {
      const taken = libc.io_uring_enter(this.fd, this.#unsubmitted, 0, 0, 0, 0)
      if (taken === -1) {
        const errno = lastErrno()
        if (errno === EINTR) continue
        return errno
      }
      if (taken === 0) return errnoNumbers.EAGAIN
      this.#unsubmitted -= taken
    }
    return 0
  }

  /** Takes the entries back that the kernel has not taken. Returns their user data, in their order. */
  takeBack(): number[] {
    const taken: number[] = []
    for (; this.#unsubmitted > 0; this.#unsubmitted--) {
      const at = ((this.#tail - this.#unsubmitted) & this.#entryMask) * SQE_WORDS
      taken.push(this.#entries[at + USER_DATA] as number)
    }
    this.#tail = (this.#tail - taken.length) | 0
    Atomics.store(this.#queues, this.#submissionTail, this.#tail)
    return taken.filter((userData) => userData !== CANCELLATION)
  }

  /** Takes all results. `completed` must not throw. Returns how many there were. */
  reap(completed: Completed): number {
    const queues = this.#queues
    let count = 0
    for (;;) {
      const tail = Atomics.load(queues, this.#completionTail)
      while (this.#head !== tail) {
        const at = this.#completions + (this.#head & this.#completionMask) * CQE_WORDS
        const userData = queues[at] as number
        const result = queues[at + RESULT] as number
        this.#head = (this.#head + 1) | 0
        // The place is free before the caller goes on, which may submit again.
        Atomics.store(queues, this.#completionHead, this.#head)
        if (userData === CANCELLATION) continue
        count++
        completed(userData, result)
      }
      if ((Atomics.load(queues, this.#submissionFlags) & IORING_SQ_CQ_OVERFLOW) === 0) return count
      // The kernel moves the results that it has kept to the queue.
      if (libc.io_uring_enter(this.fd, 0, 0, IORING_ENTER_GETEVENTS, 0, 0) === -1 && lastErrno() !== EINTR) return count
    }
  }

  /** Whether there are results. */
  get hasResults(): boolean {
    return Atomics.load(this.#queues, this.#completionTail) !== this.#head
  }
}

function putInt64(words: Int32Array, at: number, value: number | bigint): void {
  if (typeof value === 'bigint') {
    words[at] = Number(BigInt.asIntN(32, value))
    words[at + 1] = Number(BigInt.asIntN(32, value >> 32n))
  } else {
    words[at] = value
    words[at + 1] = Math.floor(value / 0x1_0000_0000)
  }
}
