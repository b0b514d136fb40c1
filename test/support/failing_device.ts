/** A device in memory that fails as it is told to: once, from some time on, in the middle, after the request, in a block. */

import { OSError } from 'osier'
import type { vfs } from 'osier/micropython'

/** What a device is asked for that changes it, or makes it permanent. */
export type DeviceRequest = 'write' | 'erase' | 'sync'

/** How a request fails: before it, in the middle of it, after it. */
export type Failing = 'before' | 'half' | 'after'

export interface Fault {
  /** Which requests count. */
  readonly of: readonly DeviceRequest[]
  /** How many of them succeed before. */
  readonly after: number
  /** How many then fail: one, or all that follow. */
  readonly count: number
  readonly how: Failing
  /** The error number: EIO by default. */
  readonly errno?: number
}

const EIO = 5

export class FailingDevice implements vfs.BlockDevice {
  readonly data: Buffer
  readonly #blockSize: number
  /** Nothing fails where it is null. */
  fault: Fault | null = null
  /** Blocks that take nothing, whatever else is told, and the error number that says so. */
  readonly bad: Map<number, number> = new Map()
  #requests = 0
  /** How many requests have failed. */
  failures = 0
  /** How many there have been. */
  all = 0

  constructor(blockSize: number, data: Buffer) {
    this.#blockSize = blockSize
    this.data = data
  }

  /** What fails from now on, counted from now. */
  fail(fault: Fault | null): void {
    this.fault = fault
    this.#requests = 0
    this.failures = 0
  }

  readblocks(block: number, buffer: Uint8Array, offset = 0): void {
    const at = block * this.#blockSize + offset
    buffer.set(this.data.subarray(at, at + buffer.length))
  }

  writeblocks(block: number, buffer: Uint8Array, offset = 0): void {
    const at = block * this.#blockSize + offset
    this.#do('write', block, (part) => this.data.set(buffer.subarray(0, Math.floor(buffer.length * part)), at))
  }

  ioctl(op: number, arg: number): number | null {
    if (op === 4) return this.data.length / this.#blockSize
    if (op === 5) return this.#blockSize
    const start = arg * this.#blockSize
    if (op === 6) this.#do('erase', arg, (part) => this.data.fill(0xff, start, start + this.#blockSize * part))
    if (op === 3) this.#do('sync', -1, () => {})
    return 0
  }

  #do(request: DeviceRequest, block: number, act: (part: number) => void): void {
    this.all += 1
    const bad = this.bad.get(block)
    if (bad !== undefined) throw new OSError(bad, 'bad block')
    const { fault } = this
    if (fault === null || !fault.of.includes(request)) {
      act(1)
      return
    }
    const fails = this.#requests >= fault.after && this.#requests < fault.after + fault.count
    this.#requests += 1
    if (!fails) {
      act(1)
      return
    }
    this.failures += 1
    if (fault.how === 'half') act(0.5)
    else if (fault.how === 'after') act(1)
    throw new OSError(fault.errno ?? EIO, 'told to fail')
  }
}
