import { read, readdirSync } from 'node:fs'
import { NotImplementedError } from '../../errors.ts'
import { constants } from '../facts.ts'
import { libc } from '../functions.ts'
import koffi from '../koffi.ts'
import { address, bytes } from '../memory.ts'
import { threadPoolSize } from '../node.ts'
import { ProcessMemory } from './process_memory.ts'
import { readLine } from './v8_workers.ts'

/**
 * libuv, on which Node runs: its event loop, whose kernel objects parent and child would share, and its thread pool.
 *
 * The layout of `uv_loop_t` and `uv_async_t` is that of libuv's public headers, unchanged in all of its versions 1.x on
 * 64-bit systems; `eventLoop` checks it nevertheless.
 */

// Bytes into a uv_loop_t.
const ACTIVE_REQUESTS = 32
const BACKEND_FD = 64
const WORK_QUEUE = 120
const WORK_MUTEX = 136
// Bytes into a uv_async_t: its loop, its type, and whether it was sent and not yet handled.
const HANDLE_LOOP = 8
const HANDLE_TYPE = 16
const ASYNC_PENDING = 120

const UV_ASYNC = 1

/** What a mutex of the C library takes: 40 bytes on x64, 48 on arm64. */
const MUTEX_SIZES = [40, 48]

export interface EventLoop {
  /** Where the uv_loop_t is. */
  readonly address: number
  /** The mutex of the queue of what the pool has completed. */
  readonly workMutex: number
  /** The handle by which the pool wakes the loop. */
  readonly workAsync: number
  /** Bytes of a pthread_mutex_t. */
  readonly mutexSize: number
}

let known: EventLoop | undefined

/** The main thread's loop, after a look at whether its layout is the one that is relied on here. */
export function eventLoop(): EventLoop {
  known ??= examine()
  return known
}

function examine(): EventLoop {
  const loop = libc.uv_default_loop()
  const memory = new ProcessMemory()
  try {
    const isLoop = memory.int32(loop + BACKEND_FD) === libc.uv_backend_fd(loop)
    const mutexSize = MUTEX_SIZES.find((size) => {
      const handle = loop + WORK_MUTEX + size
      return memory.pointer(handle + HANDLE_LOOP) === loop && memory.int32(handle + HANDLE_TYPE) === UV_ASYNC
    })
    if (!isLoop || mutexSize === undefined) {
      throw new NotImplementedError(
        'os.fork() cannot be trusted here: the event loop of libuv is not laid out as it was',
      )
    }
    const workMutex = loop + WORK_MUTEX
    return { address: loop, workMutex, workAsync: workMutex + mutexSize, mutexSize }
  } finally {
    memory.close()
  }
}

function uint32(address: number): number {
  return koffi.decode(BigInt(address), 'uint32_t') as number
}

function activeRequests(loop: EventLoop): number {
  return uint32(loop.address + ACTIVE_REQUESTS)
}

function setActiveRequests(loop: EventLoop, count: number): void {
  koffi.encode(BigInt(loop.address + ACTIVE_REQUESTS), 'uint32_t', count)
}

const visitor = koffi.proto('void', ['uintptr_t', 'uintptr_t'])

/**
 * Gives the child's loop kernel objects of its own.
 *
 * uv_loop_fork forgets which handles were sent and not yet handled, so those are noted before and sent again: exactly
 * those, for one of the handles that wait for ever belongs to the inspector, and would open its port.
 */
export function forkEventLoop(loop: EventLoop): void {
  const pending: number[] = []
  const visit = koffi.register((handle: number) => {
    const isPending = libc.uv_handle_get_type(handle) === UV_ASYNC && uint32(handle + ASYNC_PENDING) !== 0
    if (isPending) pending.push(handle)
  }, koffi.pointer(visitor))
  try {
    libc.uv_walk(loop.address, visit, 0)
  } finally {
    koffi.unregister(visit)
  }
  const error = libc.uv_loop_fork(loop.address)
  if (error !== 0) throw new Error(`os.fork(): uv_loop_fork failed in the child (${error})`)
  for (const handle of pending) libc.uv_async_send(handle)
}

/**
 * What the thread pool completed for the parent is not handled a second time by the child: a `readFile` would go on in
 * both, on one file offset.
 */
export function dropCompletedWork(loop: EventLoop): void {
  const head = loop.address + WORK_QUEUE
  const next = (entry: number): number => Number(koffi.decode(BigInt(entry), 'uint64_t'))
  let count = 0
  for (let entry = next(head); entry !== head; entry = next(entry)) count += 1
  if (count === 0) return
  koffi.encode(BigInt(head), 'uint64_t', BigInt(head))
  koffi.encode(BigInt(head + 8), 'uint64_t', BigInt(head))
  setActiveRequests(loop, Math.max(0, activeRequests(loop) - count))
}

/** The ends of a pipe: to read from, to write to. */
export type Pipe = readonly [readEnd: number, writeEnd: number]

/** A pipe that no program inherits; null where there are no descriptors left. */
export function makePipe(): Pipe | null {
  if (libc.pipe2(address, constants.O_CLOEXEC) !== 0) return null
  return [bytes.readInt32LE(0), bytes.readInt32LE(4)]
}

/** How long to wait for the thread pool to come to rest, in milliseconds. What takes longer is left at work. */
const PATIENCE = 250

/** The threads of the pool, each asleep in a read that ends when they are let go. */
export class ParkedPool {
  readonly #loop: EventLoop
  readonly #size: number
  readonly #ends: Pipe
  /** By how much the reads have raised the loop's count of what it waits for. */
  #counted = 0

  private constructor(loop: EventLoop, size: number, ends: Pipe) {
    this.#loop = loop
    this.#size = size
    this.#ends = ends
  }

  /**
   * With work in its hands, a thread of the pool may hold a lock of the C library or of OpenSSL, and that lock would be
   * held for ever in the child. So each thread is given something to wait for, behind what it has to do; once all wait,
   * nobody holds anything.
   *
   * @returns null where the pool has nothing to do
   */
  static park(loop: EventLoop): ParkedPool | null {
    if (activeRequests(loop) === 0) return null
    const ends = makePipe()
    if (ends === null) return null
    const size = threadPoolSize()
    const before = activeRequests(loop)
    const pool = new ParkedPool(loop, size, ends)
    let waiting = size
    for (let i = 0; i < size; i++) {
      read(ends[0], Buffer.alloc(1), 0, 1, null, () => {
        waiting -= 1
        if (waiting === 0) pool.close()
      })
    }
    pool.#counted = activeRequests(loop) - before
    const deadline = Date.now() + PATIENCE
    while (!pool.#isParked() && Date.now() < deadline) libc.usleep(100)
    return pool
  }

  /** Whether all threads are in the read: the first argument of their system call is the pipe. */
  #isParked(): boolean {
    const isOurs = (line: string): boolean =>
      /^\d+ /.test(line) && line.split(' ')[1] === `0x${this.#ends[0].toString(16)}`
    const threads = readdirSync('/proc/self/task').filter((thread) => thread !== String(process.pid))
    return threads.filter((thread) => isOurs(readLine(`/proc/self/task/${thread}/syscall`))).length >= this.#size
  }

  /** In the parent: lets the threads go. Their reads complete, and then the pipe is closed. */
  release(): void {
    libc.write(this.#ends[1], Buffer.alloc(this.#size), this.#size)
  }

  /** In the child, whose pool is another: the reads will never complete, and must not keep the process alive. */
  forget(): void {
    this.close()
    setActiveRequests(this.#loop, Math.max(0, activeRequests(this.#loop) - this.#counted))
  }

  close(): void {
    for (const end of this.#ends) libc.close(end)
  }
}
