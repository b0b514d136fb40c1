import { read } from 'node:fs'
import { libc } from '../functions.ts'
import { threadPoolSize } from '../node.ts'
import { activeRequests, type EventLoop, setActiveRequests } from './event_loop.ts'
import { Pipe } from './pipe.ts'
import { readProc, threadsOf } from './proc.ts'

/** How long to wait for the thread pool, in milliseconds. Work that takes longer continues during the fork. */
const TIMEOUT = 250

/** The threads of the pool, each blocked in a read that ends when they are released. */
export class ParkedPool {
  readonly #loop: EventLoop
  readonly #size: number
  readonly #ends: Pipe
  /** The number by which the reads have increased the loop's count of active requests. */
  #addedRequests = 0

  private constructor(loop: EventLoop, size: number, ends: Pipe) {
    this.#loop = loop
    this.#size = size
    this.#ends = ends
  }

  /**
   * A working thread of the pool may hold a lock of the C library or of OpenSSL, which would stay locked in the child
   * forever. So a read of a pipe is queued for each thread, behind its work; once all threads are blocked in it, they
   * hold no locks.
   *
   * @returns null where the pool is idle
   */
  static park(loop: EventLoop): ParkedPool | null {
    if (activeRequests(loop) === 0) return null
    const ends = new Pipe()
    ends.open()
    const size = threadPoolSize()
    const before = activeRequests(loop)
    const pool = new ParkedPool(loop, size, ends)
    let waiting = size
    for (let i = 0; i < size; i++) {
      read(ends.readEnd, Buffer.alloc(1), 0, 1, null, () => {
        waiting -= 1
        if (waiting === 0) pool.close()
      })
    }
    pool.#addedRequests = activeRequests(loop) - before
    const deadline = performance.now() + TIMEOUT
    try {
      while (!pool.#isParked() && performance.now() < deadline) libc.usleep(100)
    } catch (error) {
      pool.release()
      throw error
    }
    return pool
  }

  /** Whether all threads are blocked in the read: the first argument of their system call is the pipe. */
  #isParked(): boolean {
    const isInPipeRead = (line: string): boolean =>
      /^\d+ /.test(line) && line.split(' ')[1] === `0x${this.#ends.readEnd.toString(16)}`
    const threads = threadsOf('self').filter((thread) => thread !== String(process.pid))
    return threads.filter((thread) => isInPipeRead(readProc(`/proc/self/task/${thread}/syscall`))).length >= this.#size
  }

  /** In the parent: releases the threads. Their reads complete, and then the pipe is closed. */
  release(): void {
    libc.write(this.#ends.writeEnd, Buffer.alloc(this.#size), this.#size)
  }

  /** In the child, which has a new pool: the reads never complete there, and must not keep the process alive. */
  forget(): void {
    this.close()
    setActiveRequests(this.#loop, Math.max(0, activeRequests(this.#loop) - this.#addedRequests))
  }

  close(): void {
    this.#ends.close()
  }
}
